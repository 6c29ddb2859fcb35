-- What the controls ask of a facility, each a fact of the log: permits and their end, hours, meters, visits; and marks
-- of identity, by which two firms show to be one owner's.
ALTER TABLE permit ADD COLUMN grams_per_year bigint CHECK (grams_per_year > 0),
    ADD COLUMN recorded_by bigint NOT NULL,
    ADD CONSTRAINT permit_number_key UNIQUE (facility_id, authority, number, process, material);
CREATE TABLE permit_end (
    permit_id bigint PRIMARY KEY REFERENCES permit,
    fact_index bigint NOT NULL,
    organisation_id bigint NOT NULL,
    last_day date NOT NULL,
    statement text NOT NULL CHECK (length(statement) BETWEEN 1 AND 1000)
);
CREATE TABLE site_hours (
    fact_index bigint PRIMARY KEY,
    facility_id bigint NOT NULL REFERENCES facility,
    organisation_id bigint NOT NULL,
    valid_from date NOT NULL,
    opens smallint NOT NULL CHECK (opens BETWEEN 0 AND 1439), -- local minutes of the day
    closes smallint NOT NULL CHECK (closes BETWEEN 1 AND 1440),
    weekdays smallint[] NOT NULL CHECK (cardinality(weekdays) > 0 AND weekdays <@ '{0,1,2,3,4,5,6}'), -- Monday is 0
    CHECK (closes > opens)
);
CREATE INDEX site_hours_facility_index ON site_hours (facility_id);
CREATE TABLE meter_reading (
    fact_index bigint PRIMARY KEY,
    facility_id bigint NOT NULL REFERENCES facility,
    organisation_id bigint NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    watt_hours bigint NOT NULL CHECK (watt_hours >= 0),
    CHECK (last_day >= first_day)
);
CREATE INDEX meter_reading_facility_index ON meter_reading (facility_id, last_day);
CREATE TABLE site_visit (
    fact_index bigint PRIMARY KEY,
    facility_id bigint NOT NULL REFERENCES facility,
    organisation_id bigint NOT NULL, -- whose facility it is
    visitor_id bigint NOT NULL,
    day date NOT NULL,
    statement text NOT NULL CHECK (length(statement) BETWEEN 1 AND 1000),
    CHECK (visitor_id <> organisation_id) -- nobody visits themselves
);
CREATE INDEX site_visit_facility_index ON site_visit (facility_id);
CREATE TABLE party_mark (
    fact_index bigint PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisation,
    kind text NOT NULL CHECK (kind IN ('owner', 'tax_id', 'bank_account', 'phone', 'device')),
    mark bytea NOT NULL CHECK (length(mark) = 32), -- keyed: what it stands for cannot be guessed from it
    CONSTRAINT party_mark_key UNIQUE (organisation_id, kind, mark)
);
CREATE INDEX party_mark_mark_index ON party_mark (kind, mark);

-- Grams by facility, process, material and local day: what the entries say, added up as they are written.
CREATE TABLE processed (
    facility_id bigint NOT NULL,
    day date NOT NULL,
    process text NOT NULL,
    material text NOT NULL,
    organisation_id bigint NOT NULL,
    drawn bigint NOT NULL CHECK (drawn >= 0),
    made bigint NOT NULL CHECK (made >= 0),
    PRIMARY KEY (facility_id, day, process, material)
) WITH (fillfactor = 80);

INSERT INTO processed (facility_id, day, process, material, organisation_id, drawn, made)
SELECT e.facility_id, e.event_day, regexp_replace(e.biz_step, '^.*BizStep-', ''), l.material, e.organisation_id,
    coalesce(sum(CASE WHEN n.transforms THEN -n.grams ELSE n.grams END)
        FILTER (WHERE n.grams < 0 OR NOT n.transforms), 0),
    coalesce(sum(n.grams) FILTER (WHERE n.grams > 0 AND n.transforms), 0)
FROM event e JOIN entry n ON n.event_index = e.index JOIN lot l ON l.id = n.lot_id JOIN event_key k ON k.index = e.index
WHERE e.facility_id IS NOT NULL AND e.biz_step IS NOT NULL AND NOT k.declares_error
    AND (n.transforms OR e.biz_step = 'collecting')
    AND NOT EXISTS (SELECT FROM event_key wrong JOIN entry undone ON undone.event_index = wrong.index
        WHERE wrong.event_id = k.event_id AND wrong.organisation_id = k.organisation_id AND wrong.declares_error)
GROUP BY 1, 2, 3, 4, 5;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['permit_end', 'site_hours', 'meter_reading', 'site_visit', 'party_mark'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW
                        EXECUTE FUNCTION junkan_only_grows()', name || '_only_grows', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT
                        EXECUTE FUNCTION junkan_only_grows()', name || '_not_truncated', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['permit_end', 'site_hours', 'meter_reading', 'site_visit', 'party_mark', 'processed']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('GRANT SELECT ON %I TO junkan_app, junkan_writer', name);
        EXECUTE format('GRANT INSERT ON %I TO junkan_writer', name);
        EXECUTE format('CREATE POLICY own ON %I FOR SELECT USING
            (organisation_id = junkan_organisation() OR junkan_scope() = ''record'')', name);
    END LOOP;
END $$;
GRANT UPDATE (drawn, made) ON processed TO junkan_writer;
