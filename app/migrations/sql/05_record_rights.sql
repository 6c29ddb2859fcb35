-- Rights on the record: requests read what row-level security shows them; only the sequencer writes.
GRANT SELECT ON event, event_payload, event_key, event_reference, lot, entry, balance, reservation, claim, measurement, certificate,
    log_head, tile, checkpoint TO junkan_app, junkan_writer;
GRANT INSERT ON event, event_payload, event_key, event_reference, lot, entry, balance, reservation, claim, measurement, certificate,
    tile, checkpoint TO junkan_writer;
GRANT UPDATE (free, reserved, claimed_epr, claimed_content, claimed_credit) ON balance TO junkan_writer;
GRANT UPDATE (remaining) ON reservation TO junkan_writer;
GRANT UPDATE (size, record_time, next_lot_id) ON log_head TO junkan_writer;
GRANT UPDATE (hashes) ON tile TO junkan_writer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO junkan_app, junkan_writer;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['event', 'event_payload', 'event_key', 'event_reference', 'lot', 'entry', 'balance', 'reservation',
                                'claim', 'measurement', 'certificate'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['event', 'event_payload', 'event_key', 'event_reference', 'measurement', 'certificate'] LOOP
        EXECUTE format('CREATE POLICY own ON %I FOR SELECT USING
            (organisation_id = junkan_organisation() OR junkan_scope() = ''record'')', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['entry', 'balance', 'claim'] LOOP
        EXECUTE format('CREATE POLICY own ON %I FOR SELECT USING
            (holder = junkan_organisation() OR junkan_scope() = ''record'')', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT ON capture_job TO junkan_app;
ALTER TABLE capture_job ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON capture_job USING (organisation_id = junkan_organisation());
GRANT SELECT, INSERT ON label_report TO junkan_app;
GRANT UPDATE (cleared_by, cleared_at) ON label_report TO junkan_app;
ALTER TABLE label_report ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY anyone_reports ON label_report FOR INSERT WITH CHECK (cleared_at IS NULL);
CREATE POLICY record_reads ON label_report FOR SELECT USING (junkan_scope() = 'record');
CREATE POLICY record_clears ON label_report FOR UPDATE USING (junkan_scope() = 'record');
CREATE POLICY parties ON reservation FOR SELECT USING
    (junkan_organisation() IN (holder, counterparty) OR junkan_scope() = 'record');
CREATE POLICY own_or_held ON lot FOR SELECT USING (
    organisation_id = junkan_organisation() OR junkan_scope() = 'record'
    OR EXISTS (SELECT FROM balance b WHERE b.lot_id = lot.id AND b.holder = junkan_organisation()));
