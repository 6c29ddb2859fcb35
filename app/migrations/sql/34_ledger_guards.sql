-- What the sequencer's own order kept until now, the database keeps itself: no gap, nothing added later, no balance
-- without its entries. A batch is what stands at or above the head's size until the head moves, in one transaction.
-- Each plan is made for the head as it is: one for any head would read the whole table.
CREATE FUNCTION junkan_no_gap() RETURNS trigger LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE keys record;
BEGIN
    SELECT count(*) AS number, coalesce(max(index) + 1, OLD.size) AS ends INTO keys
        FROM event_key WHERE index >= OLD.size;
    IF keys.number <> NEW.size - OLD.size OR keys.ends <> NEW.size THEN
        RAISE EXCEPTION 'the log would have a gap between % and %', OLD.size, NEW.size USING ERRCODE = 'JK005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER log_head_has_no_gap BEFORE UPDATE ON log_head FOR EACH ROW WHEN (NEW.size >= OLD.size)
    EXECUTE FUNCTION junkan_no_gap();

CREATE FUNCTION junkan_no_entry_later() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE first bigint := (SELECT min(event_index) FROM entered);
BEGIN
    IF first < (SELECT size FROM log_head) THEN
        RAISE EXCEPTION 'event % is in the log: no entry is added to it', first USING ERRCODE = 'JK002';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_at_once AFTER INSERT ON entry REFERENCING NEW TABLE AS entered
    FOR EACH STATEMENT EXECUTE FUNCTION junkan_no_entry_later();

-- By how much each position changes is what this batch's entries say; what is reserved or given back has none.
CREATE FUNCTION junkan_check_changes(lots bigint[], holders bigint[], accounts text[], grams bigint[]) RETURNS void
    LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE head bigint := (SELECT size FROM log_head); off record;
BEGIN
    WITH changed AS (
        SELECT lot_id, holder, account, sum(u.grams) AS change FROM unnest(lots, holders, accounts, grams)
            AS u (lot_id, holder, account, grams) GROUP BY 1, 2, 3
    ), entered AS (
        SELECT e.lot_id, e.holder, e.account, sum(e.grams) AS said FROM entry e
        WHERE e.event_index >= head AND e.lot_id IS NOT NULL GROUP BY 1, 2, 3
    )
    SELECT lot_id, holder, account, change, coalesce(said, 0) AS said INTO off
    FROM changed LEFT JOIN entered USING (lot_id, holder, account) WHERE change <> coalesce(said, 0) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'lot % of % in % changes by % g, its entries say % g', off.lot_id, off.holder, off.account,
            off.change, off.said USING ERRCODE = 'JK002';
    END IF;
END $$;
CREATE FUNCTION junkan_balance_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM junkan_check_changes(array_agg(lot_id), array_agg(holder), array_agg(account), array_agg(free + reserved))
        FROM after HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE FUNCTION junkan_balance_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM junkan_check_changes(array_agg(lot_id), array_agg(holder), array_agg(account), array_agg(grams)) FROM (
        SELECT lot_id, holder, account, free + reserved AS grams FROM after
        UNION ALL SELECT lot_id, holder, account, -(free + reserved) FROM before
    ) AS both_sides HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER balance_begins_by_entries AFTER INSERT ON balance REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION junkan_balance_begins();
CREATE TRIGGER balance_changes_by_entries AFTER UPDATE ON balance REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION junkan_balance_changes();
