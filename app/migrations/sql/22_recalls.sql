-- A recall names lots; everything made of them follows, whoever holds it. What is recalled cannot be promised, claimed
-- or offered until the recall is over.
CREATE TABLE recall (
    fact_index bigint PRIMARY KEY, -- the leaf that opened it: a recall's own, or a held declaration of error
    organisation_id bigint NOT NULL,
    authority boolean NOT NULL, -- opened by a regulator, not by the lots' maker
    reason text NOT NULL CHECK (reason IN ('contaminated', 'hazardous', 'misdeclared', 'certificate', 'correction', 'other')),
    statement text NOT NULL CHECK (length(statement) <= 1000),
    opened_at timestamptz NOT NULL,
    closed_index bigint
);
CREATE TABLE recalled_lot (
    recall bigint NOT NULL REFERENCES recall,
    lot_id bigint NOT NULL REFERENCES lot,
    named boolean NOT NULL, -- named by the recall itself, not reached from such a lot
    open boolean NOT NULL DEFAULT true,
    PRIMARY KEY (recall, lot_id)
);
CREATE INDEX recalled_lot_open_index ON recalled_lot (lot_id) WHERE open;
CREATE TABLE recall_answer (
    fact_index bigint PRIMARY KEY,
    recall bigint NOT NULL REFERENCES recall,
    lot_id bigint NOT NULL REFERENCES lot,
    organisation_id bigint NOT NULL,
    answer text NOT NULL CHECK (answer IN ('quarantined', 'returned', 'destroyed', 'used', 'unaffected')),
    statement text NOT NULL CHECK (length(statement) BETWEEN 1 AND 1000),
    answered_at timestamptz NOT NULL
);
CREATE INDEX recall_answer_recall_index ON recall_answer (recall, lot_id, organisation_id, fact_index);

-- Forward over the entries, as the genealogy walks; events that were declared erroneous and taken back carry nothing.
CREATE FUNCTION junkan_recall_spreads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO recalled_lot (recall, lot_id, named)
    WITH RECURSIVE walk (lot_id) AS (
        SELECT NEW.lot_id
        UNION
        SELECT other.lot_id FROM walk
        JOIN entry mine ON mine.lot_id = walk.lot_id AND mine.transforms AND mine.grams < 0
        JOIN entry other ON other.event_index = mine.event_index AND other.transforms AND other.grams > 0
        JOIN event_key made ON made.index = mine.event_index
        WHERE NOT (made.declares_error OR EXISTS (
            SELECT FROM event_key wrong JOIN entry undone ON undone.event_index = wrong.index
            WHERE wrong.event_id = made.event_id AND wrong.organisation_id = made.organisation_id
                AND wrong.declares_error))
    )
    SELECT NEW.recall, lot_id, false FROM walk ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER recall_spreads AFTER INSERT ON recalled_lot FOR EACH ROW WHEN (NEW.named)
    EXECUTE FUNCTION junkan_recall_spreads();

CREATE FUNCTION junkan_recall_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.closed_index IS NOT NULL OR NEW.closed_index IS NULL
       OR (NEW.fact_index, NEW.organisation_id, NEW.authority, NEW.reason, NEW.statement, NEW.opened_at)
          IS DISTINCT FROM (OLD.fact_index, OLD.organisation_id, OLD.authority, OLD.reason, OLD.statement, OLD.opened_at)
    THEN
        RAISE EXCEPTION 'recall % ends once, and nothing else of it changes', OLD.fact_index USING ERRCODE = 'JK001';
    END IF;
    UPDATE recalled_lot SET open = false WHERE recall = NEW.fact_index;
    RETURN NEW;
END $$;
CREATE TRIGGER recall_ends BEFORE UPDATE ON recall FOR EACH ROW EXECUTE FUNCTION junkan_recall_ends();

CREATE FUNCTION junkan_recalled_lot_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT OLD.open OR NEW.open OR (NEW.recall, NEW.lot_id, NEW.named) <> (OLD.recall, OLD.lot_id, OLD.named) THEN
        RAISE EXCEPTION 'a recalled lot stays so until its recall ends' USING ERRCODE = 'JK001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER recalled_lot_ends BEFORE UPDATE ON recalled_lot FOR EACH ROW
    EXECUTE FUNCTION junkan_recalled_lot_ends();

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['recall', 'recalled_lot', 'recall_answer'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION junkan_only_grows()',
                       name || '_stays', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT
                        EXECUTE FUNCTION junkan_only_grows()', name || '_not_truncated', name);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;
CREATE TRIGGER recall_answer_only_grows BEFORE UPDATE ON recall_answer FOR EACH ROW
    EXECUTE FUNCTION junkan_only_grows();

CREATE POLICY own ON recall FOR SELECT USING (organisation_id = junkan_organisation() OR junkan_scope() = 'record');
CREATE POLICY own ON recall_answer FOR SELECT USING
    (organisation_id = junkan_organisation() OR junkan_scope() = 'record');
-- That a lot is recalled is for everybody to know; by whom and why is not said here.
CREATE POLICY anyone ON recalled_lot FOR SELECT USING (open OR junkan_scope() = 'record');
GRANT SELECT ON recall, recalled_lot, recall_answer TO junkan_app, junkan_writer;
GRANT INSERT ON recall, recalled_lot, recall_answer TO junkan_writer;
GRANT UPDATE (closed_index) ON recall TO junkan_writer;
GRANT UPDATE (open) ON recalled_lot TO junkan_writer;
