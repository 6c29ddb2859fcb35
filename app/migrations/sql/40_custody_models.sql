-- Custody as a maker states it. Until now the record filled in what nobody had stated: that was nobody's word.
ALTER TABLE lot ALTER COLUMN custody DROP NOT NULL, ALTER COLUMN custody TYPE text USING NULL::text,
    ADD COLUMN source text, -- the lot that an identity preserved goes back to
    ADD COLUMN scheme text, -- the one whose account its content is claimed of
    ADD CONSTRAINT lot_custody_known CHECK (custody IN ('identity_preserved', 'segregated', 'controlled_blending',
        'mass_balance_rolling', 'mass_balance_credit')),
    ADD CONSTRAINT lot_identity_has_a_source CHECK ((custody IS NOT DISTINCT FROM 'identity_preserved')
        = (source IS NOT NULL)),
    ADD CONSTRAINT lot_scheme_is_of_mass_balance CHECK (scheme IS NULL
        OR (custody IS NOT NULL AND custody IN ('mass_balance_rolling', 'mass_balance_credit')));

-- What was drawn of a lot that has several origins, in their order: what is left of each follows, exactly.
CREATE TABLE origin_draw (
    event_index bigint NOT NULL,
    lot_id bigint NOT NULL REFERENCES lot,
    grams bigint[] NOT NULL,
    PRIMARY KEY (event_index, lot_id)
);
CREATE INDEX origin_draw_lot_index ON origin_draw (lot_id);

-- Recycled grams that a facility took over from its lots of one material in one period, and what it claimed of them.
CREATE TABLE mass_account (
    facility_id bigint NOT NULL,
    material text NOT NULL,
    scheme text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    organisation_id bigint NOT NULL,
    strict boolean NOT NULL, -- never below zero at any event, not only at the period's end
    opening_pre bigint NOT NULL,
    opening_post bigint NOT NULL,
    credited_pre bigint NOT NULL DEFAULT 0,
    credited_post bigint NOT NULL DEFAULT 0,
    claimed_pre bigint NOT NULL DEFAULT 0,
    claimed_post bigint NOT NULL DEFAULT 0,
    through bigint NOT NULL DEFAULT 0,
    credited_until timestamptz,
    claimed_until timestamptz,
    lowest_pre bigint, -- the least that any claim left
    lowest_post bigint,
    PRIMARY KEY (facility_id, material, scheme, first_day),
    CONSTRAINT mass_account_period CHECK (last_day >= first_day),
    CONSTRAINT mass_account_carries_no_debt CHECK (opening_pre >= 0 AND opening_post >= 0),
    CONSTRAINT mass_account_sums CHECK (
        least(credited_pre, credited_post, claimed_pre, claimed_post, through) >= 0),
    CONSTRAINT mass_account_never_negative CHECK (NOT strict OR (
        opening_pre + credited_pre >= claimed_pre AND opening_post + credited_post >= claimed_post
        AND coalesce(least(lowest_pre, lowest_post), 0) >= 0))
) WITH (fillfactor = 80);
CREATE INDEX mass_account_organisation_index ON mass_account (organisation_id, first_day);
CREATE TABLE mass_booking (
    event_index bigint NOT NULL,
    facility_id bigint NOT NULL,
    material text NOT NULL,
    scheme text NOT NULL,
    first_day date NOT NULL,
    organisation_id bigint NOT NULL,
    credited_pre bigint NOT NULL,
    credited_post bigint NOT NULL,
    claimed_pre bigint NOT NULL,
    claimed_post bigint NOT NULL,
    through bigint NOT NULL,
    PRIMARY KEY (event_index, facility_id, material, scheme, first_day),
    CONSTRAINT mass_booking_of_account FOREIGN KEY (facility_id, material, scheme, first_day) REFERENCES mass_account
);
CREATE INDEX mass_booking_account_index ON mass_booking (facility_id, material, scheme, first_day, event_index);

-- An account is the sum of its bookings: they are written first, and the row must then say the same.
CREATE FUNCTION junkan_account_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE off record;
BEGIN
    SELECT a.facility_id, a.material, a.scheme, a.first_day INTO off
    FROM after a CROSS JOIN LATERAL (
        SELECT coalesce(sum(b.credited_pre), 0) AS credited_pre, coalesce(sum(b.credited_post), 0) AS credited_post,
            coalesce(sum(b.claimed_pre), 0) AS claimed_pre, coalesce(sum(b.claimed_post), 0) AS claimed_post,
            coalesce(sum(b.through), 0) AS through
        FROM mass_booking b WHERE b.facility_id = a.facility_id AND b.material = a.material AND b.scheme = a.scheme
            AND b.first_day = a.first_day) AS s
    WHERE (a.credited_pre, a.credited_post, a.claimed_pre, a.claimed_post, a.through)
        <> (s.credited_pre, s.credited_post, s.claimed_pre, s.claimed_post, s.through)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the account of % in % under % from % is not the sum of its bookings', off.material,
            off.facility_id, off.scheme, off.first_day USING ERRCODE = 'JK002';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mass_account_begins_at_nothing AFTER INSERT ON mass_account REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION junkan_account_adds_up();
CREATE TRIGGER mass_account_adds_up AFTER UPDATE ON mass_account REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION junkan_account_adds_up();

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['origin_draw', 'mass_account', 'mass_booking'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION junkan_only_grows()',
                       name || '_stays', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT
                        EXECUTE FUNCTION junkan_only_grows()', name || '_not_truncated', name);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('GRANT SELECT ON %I TO junkan_app', name);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO junkan_writer', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['origin_draw', 'mass_booking'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION junkan_only_grows()',
                       name || '_only_grows', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['mass_account', 'mass_booking'] LOOP
        EXECUTE format('CREATE POLICY own ON %I FOR SELECT USING
            (organisation_id = junkan_organisation() OR junkan_scope() = ''record'')', name);
    END LOOP;
END $$;
CREATE POLICY record ON origin_draw FOR SELECT USING (junkan_scope() = 'record');
GRANT UPDATE (credited_pre, credited_post, claimed_pre, claimed_post, through, credited_until, claimed_until, lowest_pre,
    lowest_post) ON mass_account TO junkan_writer;

-- A claim and a transaction certificate may state a model, at most as strong as the lot's (the ledger sees to that).
ALTER TABLE claim ADD COLUMN custody text, ADD CONSTRAINT claim_custody_known CHECK (custody IN ('identity_preserved',
    'segregated', 'controlled_blending', 'mass_balance_rolling', 'mass_balance_credit'));
ALTER TABLE transaction_certificate ADD COLUMN custody text, ADD CONSTRAINT transaction_certificate_custody_known
    CHECK (custody IN ('identity_preserved', 'segregated', 'controlled_blending', 'mass_balance_rolling',
        'mass_balance_credit'));
