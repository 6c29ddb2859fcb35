-- A movement is shared by two sides. Either proposes other figures for it, the other accepts or declines; what nobody
-- answered lapses. When it has become final, the authority of the country may open it again.
CREATE TABLE movement_proposal (
    fact_index bigint PRIMARY KEY,
    movement bigint NOT NULL, -- the leaf by which the shipment counts
    proposer_id bigint NOT NULL REFERENCES organisation,
    other_id bigint NOT NULL REFERENCES organisation,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
    proposed_at timestamptz NOT NULL,
    lapses_at timestamptz NOT NULL,
    answer text CHECK (answer IN ('accepted', 'declined', 'withdrawn')),
    answer_index bigint,
    answered_at timestamptz,
    statement text CHECK (length(statement) <= 1000),
    CHECK (proposer_id <> other_id),
    CHECK (lapses_at > proposed_at),
    CONSTRAINT movement_proposal_answered_in_time CHECK (answered_at < lapses_at),
    CONSTRAINT movement_proposal_answered_whole CHECK
        ((answer IS NULL) = (answer_index IS NULL) AND (answer IS NULL) = (answered_at IS NULL))
);
CREATE INDEX movement_proposal_movement_index ON movement_proposal (movement, fact_index);
CREATE INDEX movement_proposal_waiting_index ON movement_proposal (other_id) WHERE answer IS NULL;
CREATE TABLE movement_figure (
    proposal bigint NOT NULL REFERENCES movement_proposal,
    lot_id bigint NOT NULL REFERENCES lot,
    sent_was bigint NOT NULL CHECK (sent_was > 0),
    sent bigint NOT NULL CHECK (sent > 0),
    received_was bigint CHECK (received_was > 0), -- none: still on its way
    received bigint CHECK (received > 0),
    PRIMARY KEY (proposal, lot_id),
    CHECK ((received IS NULL) = (received_was IS NULL)),
    CONSTRAINT movement_figure_changes CHECK (sent <> sent_was OR received <> received_was)
);
-- Events whose figures both sides agreed to change, and what says so: neither side takes one of them back alone.
CREATE TABLE amended_event (
    organisation_id bigint NOT NULL,
    event_id text NOT NULL,
    proposal bigint NOT NULL REFERENCES movement_proposal,
    PRIMARY KEY (organisation_id, event_id, proposal)
);
CREATE TABLE movement_request (
    fact_index bigint PRIMARY KEY,
    movement bigint NOT NULL,
    organisation_id bigint NOT NULL REFERENCES organisation, -- who asks
    other_id bigint NOT NULL REFERENCES organisation,
    country text NOT NULL CHECK (length(country) = 2), -- whose authority answers
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
    asked_at timestamptz NOT NULL,
    decision text CHECK (decision IN ('granted', 'declined')),
    decision_index bigint,
    decided_by bigint REFERENCES organisation,
    decided_at timestamptz,
    open_until timestamptz, -- so long the movement may be amended
    statement text CHECK (length(statement) BETWEEN 1 AND 1000),
    CONSTRAINT movement_request_not_by_itself CHECK (decided_by NOT IN (organisation_id, other_id)),
    CONSTRAINT movement_request_granted_for_a_time CHECK
        ((decision IS NOT DISTINCT FROM 'granted') = (open_until IS NOT NULL)),
    CHECK (open_until > decided_at),
    CONSTRAINT movement_request_decided_whole CHECK ((decision IS NULL) = (decision_index IS NULL)
        AND (decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL)
        AND (decision IS NULL) = (statement IS NULL))
);
CREATE INDEX movement_request_movement_index ON movement_request (movement, fact_index);
CREATE INDEX movement_request_waiting_index ON movement_request (country) WHERE decision IS NULL;
CREATE UNIQUE INDEX movement_request_one_open ON movement_request (movement, organisation_id) WHERE decision IS NULL;

-- One at a time: whoever answers knows what there is to answer.
CREATE FUNCTION junkan_proposal_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM movement_proposal
        WHERE movement = NEW.movement AND answer IS NULL AND lapses_at > NEW.proposed_at;
    IF FOUND THEN
        RETURN NULL; -- no row: the command is refused with its reason
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER movement_proposal_waits BEFORE INSERT ON movement_proposal FOR EACH ROW
    EXECUTE FUNCTION junkan_proposal_waits();

CREATE FUNCTION junkan_proposal_answered_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE answering text[] := ARRAY['answer', 'answer_index', 'answered_at', 'statement'];
BEGIN
    IF OLD.answer IS NOT NULL OR NEW.answer IS NULL OR to_jsonb(NEW) - answering <> to_jsonb(OLD) - answering THEN
        RAISE EXCEPTION 'proposal % is answered once, never edited', OLD.fact_index USING ERRCODE = 'JK001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER movement_proposal_answered BEFORE UPDATE ON movement_proposal FOR EACH ROW
    EXECUTE FUNCTION junkan_proposal_answered_once();

CREATE FUNCTION junkan_request_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deciding text[] := ARRAY['decision', 'decision_index', 'decided_by', 'decided_at', 'open_until', 'statement'];
BEGIN
    IF OLD.decision IS NOT NULL OR NEW.decision IS NULL OR to_jsonb(NEW) - deciding <> to_jsonb(OLD) - deciding THEN
        RAISE EXCEPTION 'request % is decided once, never edited', OLD.fact_index USING ERRCODE = 'JK001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER movement_request_decided BEFORE UPDATE ON movement_request FOR EACH ROW
    EXECUTE FUNCTION junkan_request_decided_once();

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['movement_proposal', 'movement_figure', 'amended_event', 'movement_request'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION junkan_only_grows()',
                       name || '_stays', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT
                        EXECUTE FUNCTION junkan_only_grows()', name || '_not_truncated', name);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('GRANT SELECT ON %I TO junkan_app, junkan_writer', name);
        EXECUTE format('GRANT INSERT ON %I TO junkan_writer', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['movement_figure', 'amended_event'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION junkan_only_grows()',
                       name || '_only_grows', name);
    END LOOP;
END $$;
GRANT UPDATE (answer, answer_index, answered_at, statement) ON movement_proposal TO junkan_writer;
GRANT UPDATE (decision, decision_index, decided_by, decided_at, open_until, statement) ON movement_request
    TO junkan_writer;
CREATE POLICY parties ON movement_proposal FOR SELECT USING
    (junkan_organisation() IN (proposer_id, other_id) OR junkan_scope() = 'record');
CREATE POLICY parties ON movement_figure FOR SELECT USING (junkan_scope() = 'record'
    OR EXISTS (SELECT FROM movement_proposal p WHERE p.fact_index = proposal));
CREATE POLICY parties ON amended_event FOR SELECT USING
    (organisation_id = junkan_organisation() OR junkan_scope() = 'record');
CREATE POLICY parties ON movement_request FOR SELECT USING
    (junkan_organisation() IN (organisation_id, other_id) OR junkan_scope() = 'record');
-- What may be certified of a lot that was received follows what both sides agree was received.
GRANT UPDATE (lot_grams) ON certified_lot TO junkan_writer;
