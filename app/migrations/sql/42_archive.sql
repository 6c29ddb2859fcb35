-- Months of payloads that left the database, and those that came back: each act is a leaf of the log, and the newest act
-- of a month says where its payloads are. Event rows stay: the log serves their leaves for ever.
CREATE TABLE archive_act (
    fact_index bigint PRIMARY KEY,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    act text NOT NULL CHECK (act IN ('detached', 'attached')),
    first_index bigint NOT NULL CHECK (first_index >= 0),
    last_index bigint NOT NULL,
    manifest bytea NOT NULL CHECK (length(manifest) = 32), -- SHA-256 of the copy's manifest
    acted_at timestamptz NOT NULL,
    CONSTRAINT archive_act_some_facts CHECK (last_index >= first_index)
);
CREATE INDEX archive_act_month_index ON archive_act (month, fact_index);
CREATE TRIGGER archive_act_only_grows BEFORE UPDATE OR DELETE ON archive_act FOR EACH ROW
    EXECUTE FUNCTION junkan_only_grows();
CREATE TRIGGER archive_act_not_truncated BEFORE TRUNCATE ON archive_act FOR EACH STATEMENT
    EXECUTE FUNCTION junkan_only_grows();
-- Which months are away is for everybody to know; what is in them stays its owner's, by its event row.
GRANT SELECT ON archive_act TO junkan_app, junkan_writer;
GRANT INSERT ON archive_act TO junkan_writer;

-- What a table of payloads needs before it stands beside the others: a row trigger comes with attaching, these do not.
CREATE FUNCTION junkan_guard_partition(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT
                    EXECUTE FUNCTION junkan_only_grows()', name || '_not_truncated', name);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, junkan_app, junkan_writer', name);
END $$;
REVOKE ALL ON FUNCTION junkan_guard_partition FROM PUBLIC;

-- A month that is away is not made again: an empty partition in its place would say that its payloads were erased.
CREATE OR REPLACE FUNCTION junkan_make_months(first date, last date) RETURNS int LANGUAGE plpgsql AS $$
DECLARE starts date := date_trunc('month', first); name text; parent text; made int := 0;
BEGIN
    WHILE starts <= last LOOP
        FOREACH parent IN ARRAY ARRAY['event', 'event_payload'] LOOP
            name := parent || to_char(starts, '_YYYY_MM');
            IF to_regclass(name) IS NULL AND NOT (parent = 'event_payload' AND coalesce((
                SELECT a.act = 'detached' FROM archive_act a WHERE a.month = starts
                ORDER BY a.fact_index DESC LIMIT 1), false)) THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, parent,
                    starts::timestamp AT TIME ZONE 'UTC', (starts + interval '1 month')::timestamp AT TIME ZONE 'UTC');
                PERFORM junkan_guard_partition(name);
                made := made + 1;
            END IF;
        END LOOP;
        starts := starts + interval '1 month';
    END LOOP;
    RETURN made;
END $$;

-- An event id is only ever asked for whole: a hash of it takes a quarter of the room.
DROP INDEX event_key_event_id_index;
CREATE INDEX event_key_event_id_index ON event_key USING hash (event_id);
