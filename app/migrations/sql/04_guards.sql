-- The promises of the record, kept by the database itself.
CREATE FUNCTION junkan_entries_sum_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    SELECT event_index, sum(grams) AS off INTO bad FROM entered GROUP BY event_index HAVING sum(grams) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entries of event % sum to % g, not zero', bad.event_index, bad.off USING ERRCODE = 'JK002';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_sum_to_zero AFTER INSERT ON entry REFERENCING NEW TABLE AS entered
    FOR EACH STATEMENT EXECUTE FUNCTION junkan_entries_sum_to_zero();

CREATE FUNCTION junkan_tile_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF length(NEW.hashes) <= length(OLD.hashes)
       OR substring(NEW.hashes FOR length(OLD.hashes)) <> OLD.hashes
       OR (NEW.level, NEW.number) <> (OLD.level, OLD.number) THEN
        RAISE EXCEPTION 'tile %/% only grows', OLD.level, OLD.number USING ERRCODE = 'JK003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tile_only_grows BEFORE UPDATE ON tile FOR EACH ROW EXECUTE FUNCTION junkan_tile_only_grows();
CREATE TRIGGER tile_stays BEFORE DELETE ON tile FOR EACH ROW EXECUTE FUNCTION junkan_only_grows();
CREATE TRIGGER tile_not_truncated BEFORE TRUNCATE ON tile FOR EACH STATEMENT EXECUTE FUNCTION junkan_only_grows();

CREATE FUNCTION junkan_checkpoint_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM checkpoint WHERE size > NEW.size) THEN -- RAISE is what the publisher waits for
        RAISE EXCEPTION 'a checkpoint never shrinks: % is below the newest', NEW.size USING ERRCODE = 'JK004';
    END IF;
    IF NEW.size > (SELECT size FROM log_head) THEN
        RAISE EXCEPTION 'checkpoint % is ahead of the log', NEW.size USING ERRCODE = 'JK004';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER checkpoint_grows BEFORE INSERT ON checkpoint FOR EACH ROW EXECUTE FUNCTION junkan_checkpoint_grows();

CREATE FUNCTION junkan_head_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.size < OLD.size OR NEW.record_time < OLD.record_time OR NEW.next_lot_id < OLD.next_lot_id THEN
        RAISE EXCEPTION 'the log head never goes back' USING ERRCODE = 'JK005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER log_head_grows BEFORE UPDATE ON log_head FOR EACH ROW EXECUTE FUNCTION junkan_head_grows();

DO $$
DECLARE name text;
BEGIN
    -- A row trigger on a partitioned parent is cloned to every partition, present and future.
    FOREACH name IN ARRAY ARRAY['event', 'event_payload', 'event_key', 'event_reference', 'entry', 'lot', 'checkpoint', 'claim',
                                'measurement', 'certificate', 'permit'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW
                        EXECUTE FUNCTION junkan_only_grows()', name || '_only_grows', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT
                        EXECUTE FUNCTION junkan_only_grows()', name || '_not_truncated', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['balance', 'reservation', 'log_head'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW
                        EXECUTE FUNCTION junkan_only_grows()', name || '_stays', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT
                        EXECUTE FUNCTION junkan_only_grows()', name || '_not_truncated', name);
    END LOOP;
END $$;

-- Months ahead (and, for a demo's past, behind): the owner calls it at every start. A statement trigger of the
-- parent is bypassed on a partition, and rights are a partition's own: both are set with every partition.
CREATE FUNCTION junkan_make_months(first date, last date) RETURNS int LANGUAGE plpgsql AS $$
DECLARE month date := date_trunc('month', first); name text; parent text; made int := 0;
BEGIN
    WHILE month <= last LOOP
        FOREACH parent IN ARRAY ARRAY['event', 'event_payload'] LOOP
            name := parent || to_char(month, '_YYYY_MM');
            IF to_regclass(name) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, parent,
                    month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
                EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT
                                EXECUTE FUNCTION junkan_only_grows()', name || '_not_truncated', name);
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
                EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, junkan_app, junkan_writer', name);
                made := made + 1;
            END IF;
        END LOOP;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION junkan_make_months FROM PUBLIC;
