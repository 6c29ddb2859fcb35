-- What events say, indexed for the EPCIS query language. All of it is derived from the record, at most seconds behind,
-- and made again from nothing where it is lost: so it is no part of the record and costs capturing nothing.
-- Equality is a hash, ranges are texts that sort like what they stand for: comparing bigint and text gives nothing
-- away ("leakproof"), so that PostgreSQL may use these indexes under row-level security.
CREATE TABLE event_term (
    organisation_id bigint NOT NULL,
    field bigint NOT NULL, -- the first 64 bits of the SHA-256 of a field's name
    value bigint NOT NULL, -- the same of its value in canonical form
    event_index bigint NOT NULL,
    PRIMARY KEY (organisation_id, field, value, event_index)
);
-- A value says which field it stands in: without this the planner takes a common word for a rare one.
CREATE STATISTICS event_term_field_value (dependencies) ON field, value FROM event_term;
CREATE TABLE event_number (
    organisation_id bigint NOT NULL,
    field bigint NOT NULL,
    number text COLLATE "C" NOT NULL, -- a number, a moment or the beginning of a key, so written that it sorts
    unit text,
    event_index bigint NOT NULL
);
CREATE INDEX event_number_field_number_index ON event_number (organisation_id, field, number)
    INCLUDE (event_index, unit);
-- What the top-level resources list, as it was received.
CREATE TABLE event_value (
    organisation_id bigint NOT NULL,
    kind text NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (organisation_id, kind, value)
);
-- Prefixes that the organisation's events bound: a query that uses one without binding it means these.
CREATE TABLE event_prefix (
    organisation_id bigint NOT NULL,
    prefix text NOT NULL,
    namespace text NOT NULL,
    PRIMARY KEY (organisation_id, prefix, namespace)
);
-- How far the log is indexed, and by which reading of events. The row is the indexers' lock.
CREATE TABLE query_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    size bigint NOT NULL,
    version int NOT NULL
);
INSERT INTO query_head (size, version) VALUES (0, 0);

-- Master data that documents carry in their header: what a place lies in, and what its attributes are.
CREATE TABLE vocabulary_element (
    organisation_id bigint NOT NULL REFERENCES organisation,
    type text NOT NULL,
    id text NOT NULL, -- canonical
    attributes jsonb NOT NULL,
    children text[] NOT NULL,
    captured_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, type, id)
);

CREATE TABLE named_query (
    organisation_id bigint NOT NULL REFERENCES organisation,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    query jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, name)
);
CREATE TABLE subscription (
    id text PRIMARY KEY,
    organisation_id bigint NOT NULL,
    query_name text NOT NULL,
    dest text NOT NULL,
    secret bytea NOT NULL, -- sealed under the installation's own secret
    schedule jsonb CHECK (jsonb_typeof(schedule) = 'object'), -- NULL: a stream
    report_if_empty boolean NOT NULL,
    epc_format text NOT NULL,
    initial_record_time timestamptz NOT NULL,
    created_by text NOT NULL, -- as the record names who acted: a person or a key
    created_at timestamptz NOT NULL,
    position bigint NOT NULL, -- events below this index are reported, or were there before
    reported_until timestamptz NOT NULL,
    due_at timestamptz NOT NULL, -- not before this moment: the schedule's, or after a failure a later one
    failures int NOT NULL DEFAULT 0 CHECK (failures >= 0),
    last_notified_at timestamptz,
    last_error text,
    ended_at timestamptz,
    FOREIGN KEY (organisation_id, query_name) REFERENCES named_query ON DELETE CASCADE
);
CREATE INDEX subscription_due_at_index ON subscription (due_at) WHERE ended_at IS NULL;
CREATE INDEX subscription_query_name_index ON subscription (organisation_id, query_name);

-- Sixteen hexadecimal digits as a signed integer: a hashed field and value, where only the database knows the value.
CREATE FUNCTION junkan_int8(digits text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ('x' || digits)::bit(64)::bigint;

GRANT SELECT ON event_term, event_number, event_value, event_prefix, query_head TO junkan_app, junkan_writer;
GRANT INSERT, DELETE ON event_term, event_number, event_value, event_prefix TO junkan_writer;
GRANT UPDATE (size, version) ON query_head TO junkan_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON vocabulary_element TO junkan_app;
GRANT SELECT, INSERT, DELETE ON named_query, subscription TO junkan_app;
GRANT UPDATE (position, reported_until, due_at, failures, last_notified_at, last_error, ended_at) ON subscription
    TO junkan_app;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['event_term', 'event_number', 'event_value', 'event_prefix', 'vocabulary_element',
                                'named_query', 'subscription'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['event_term', 'event_number', 'event_value', 'event_prefix'] LOOP
        EXECUTE format('CREATE POLICY own ON %I FOR SELECT USING (organisation_id = junkan_organisation())', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['vocabulary_element', 'named_query', 'subscription'] LOOP
        EXECUTE format('CREATE POLICY own ON %I USING (organisation_id = junkan_organisation())', name);
    END LOOP;
END $$;
-- Who delivers reads what is due of everybody, and keeps how far it came; what it reports, it reads as their owner.
CREATE POLICY due ON subscription FOR SELECT USING (junkan_scope() = 'delivery');
CREATE POLICY reported ON subscription FOR UPDATE USING (junkan_scope() = 'delivery');
