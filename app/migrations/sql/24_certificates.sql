-- Scope certificates say what a firm may certify, where and when. What happens to one later is an act with its day;
-- neither is ever edited.
CREATE TABLE scope_certificate (
    fact_index bigint PRIMARY KEY,
    holder_id bigint NOT NULL,
    body_id bigint, -- the certification body, where it takes part
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 200),
    recorded_by bigint NOT NULL,
    scheme text NOT NULL,
    editions text[], -- none: whichever
    number text NOT NULL CHECK (length(number) BETWEEN 1 AND 100),
    sites text[] NOT NULL CHECK (cardinality(sites) > 0),
    materials text[] NOT NULL CHECK (cardinality(materials) > 0),
    processes text[] NOT NULL,
    document_sha256 bytea CHECK (length(document_sha256) = 32),
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    recorded_at timestamptz NOT NULL,
    CHECK (valid_to >= valid_from),
    CHECK (body_id IS DISTINCT FROM holder_id), -- nobody certifies itself
    CHECK (recorded_by = holder_id OR recorded_by = body_id),
    CONSTRAINT scope_certificate_number_key UNIQUE (holder_id, body, number)
);
CREATE INDEX scope_certificate_body_index ON scope_certificate (body_id);
CREATE TABLE scope_act (
    fact_index bigint PRIMARY KEY,
    scope bigint NOT NULL REFERENCES scope_certificate,
    act text NOT NULL CHECK (act IN ('confirmed', 'suspended', 'lifted', 'withdrawn')),
    day date NOT NULL, -- the first day on which it holds
    statement text NOT NULL CHECK (length(statement) BETWEEN 1 AND 1000),
    organisation_id bigint NOT NULL,
    acted_at timestamptz NOT NULL
);
CREATE INDEX scope_act_scope_index ON scope_act (scope, fact_index);
CREATE UNIQUE INDEX scope_act_once ON scope_act (scope, act) WHERE act IN ('confirmed', 'withdrawn');

-- Suspended and lifted take turns, in the order of their days; only the body acts, and nothing follows a withdrawal.
CREATE FUNCTION junkan_scope_act_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
    PERFORM FROM scope_certificate WHERE fact_index = NEW.scope AND body_id = NEW.organisation_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only its own body acts on certificate %', NEW.scope USING ERRCODE = 'JK001';
    END IF;
    SELECT act, day INTO last FROM scope_act WHERE scope = NEW.scope AND act <> 'confirmed'
        ORDER BY fact_index DESC LIMIT 1;
    IF NEW.act <> 'confirmed' AND (last.act = 'withdrawn' OR NEW.day < last.day
        OR (NEW.act = 'suspended' AND last.act = 'suspended')
        OR (NEW.act = 'lifted' AND (last.act IS DISTINCT FROM 'suspended' OR NEW.day = last.day))) THEN
        RETURN NULL; -- no row: the command is refused with its reason
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER scope_act_follows BEFORE INSERT ON scope_act FOR EACH ROW EXECUTE FUNCTION junkan_scope_act_follows();

-- A transaction certificate: grams of one lot, for one buyer. `used`: what its buyer's own outputs drew from it.
CREATE TABLE transaction_certificate (
    fact_index bigint PRIMARY KEY,
    scope bigint NOT NULL REFERENCES scope_certificate,
    body_id bigint NOT NULL,
    number text NOT NULL CHECK (length(number) BETWEEN 1 AND 100),
    lot_id bigint NOT NULL REFERENCES lot,
    seller_id bigint NOT NULL,
    buyer_id bigint NOT NULL,
    site text NOT NULL,
    grams bigint NOT NULL CHECK (grams > 0),
    shipped_on date NOT NULL,
    issued_at timestamptz NOT NULL,
    used bigint NOT NULL DEFAULT 0,
    cancelled_index bigint,
    CHECK (buyer_id <> seller_id),
    CONSTRAINT transaction_certificate_used_once CHECK (used BETWEEN 0 AND grams),
    CONSTRAINT transaction_certificate_used_stays CHECK (cancelled_index IS NULL OR used = 0),
    CONSTRAINT transaction_certificate_number_key UNIQUE (body_id, number)
);
CREATE INDEX transaction_certificate_lot_index ON transaction_certificate (lot_id);
CREATE INDEX transaction_certificate_seller_index ON transaction_certificate (seller_id);
CREATE INDEX transaction_certificate_buyer_index ON transaction_certificate (buyer_id);
-- What may be certified of a lot under a scope certificate: never above the inputs times the yield, nor the lot.
CREATE TABLE certified_lot (
    lot_id bigint NOT NULL REFERENCES lot,
    scope bigint NOT NULL REFERENCES scope_certificate,
    lot_grams bigint NOT NULL CHECK (lot_grams > 0),
    input_grams bigint NOT NULL CHECK (input_grams > 0),
    yield_share numeric NOT NULL CHECK (yield_share > 0 AND yield_share <= 1),
    certified bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (lot_id, scope),
    CONSTRAINT certified_lot_within_inputs CHECK (certified BETWEEN 0 AND floor(input_grams * yield_share)),
    CONSTRAINT certified_lot_within_lot CHECK (certified <= lot_grams)
) WITH (fillfactor = 80);
CREATE TABLE certified_input (
    fact_index bigint NOT NULL,
    lot_id bigint NOT NULL,
    scope bigint NOT NULL,
    source bigint REFERENCES transaction_certificate, -- none: reclaimed material that the body itself verified
    grams bigint NOT NULL CHECK (grams > 0),
    FOREIGN KEY (lot_id, scope) REFERENCES certified_lot DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX certified_input_lot_index ON certified_input (lot_id, scope);

-- Only the counters move, and a certificate is cancelled once.
CREATE FUNCTION junkan_transaction_certificate_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.cancelled_index IS NOT NULL OR NEW.used < OLD.used
       OR to_jsonb(NEW) - ARRAY['used', 'cancelled_index'] <> to_jsonb(OLD) - ARRAY['used', 'cancelled_index'] THEN
        RAISE EXCEPTION 'transaction certificate % is used or cancelled, never edited', OLD.fact_index
            USING ERRCODE = 'JK001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER transaction_certificate_changes BEFORE UPDATE ON transaction_certificate FOR EACH ROW
    EXECUTE FUNCTION junkan_transaction_certificate_stays();

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['scope_certificate', 'scope_act', 'transaction_certificate', 'certified_lot',
                                'certified_input'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION junkan_only_grows()',
                       name || '_stays', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT
                        EXECUTE FUNCTION junkan_only_grows()', name || '_not_truncated', name);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('GRANT SELECT ON %I TO junkan_app, junkan_writer', name);
        EXECUTE format('GRANT INSERT ON %I TO junkan_writer', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['scope_certificate', 'scope_act', 'certified_input'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION junkan_only_grows()',
                       name || '_only_grows', name);
    END LOOP;
END $$;
GRANT UPDATE (used, cancelled_index) ON transaction_certificate TO junkan_writer;
GRANT UPDATE (input_grams, certified) ON certified_lot TO junkan_writer;
CREATE POLICY parties ON scope_certificate FOR SELECT USING
    (junkan_organisation() IN (holder_id, body_id) OR junkan_scope() = 'record');
CREATE POLICY parties ON scope_act FOR SELECT USING (junkan_scope() = 'record'
    OR EXISTS (SELECT FROM scope_certificate c WHERE c.fact_index = scope));
CREATE POLICY parties ON transaction_certificate FOR SELECT USING
    (junkan_organisation() IN (seller_id, buyer_id, body_id) OR junkan_scope() = 'record');
CREATE POLICY parties ON certified_lot FOR SELECT USING (junkan_scope() = 'record'
    OR EXISTS (SELECT FROM scope_certificate c WHERE c.fact_index = scope));
CREATE POLICY parties ON certified_input FOR SELECT USING (junkan_scope() = 'record'
    OR EXISTS (SELECT FROM scope_certificate c WHERE c.fact_index = scope));
