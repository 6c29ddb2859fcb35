-- A hold is cleared once: the fact that releases (or rejects) a held event names its index, and stands under the same
-- event id, like a declaration of error. `declares_error` is that of the event which is released.
ALTER TABLE event_key ADD COLUMN releases bigint,
    ADD CONSTRAINT event_key_releases_earlier CHECK (releases < index);
CREATE UNIQUE INDEX event_key_releases_key ON event_key (releases) WHERE releases IS NOT NULL;
DROP INDEX event_key_event_id_key;
CREATE UNIQUE INDEX event_key_event_id_key ON event_key (organisation_id, event_id)
    WHERE NOT declares_error AND releases IS NULL;
CREATE INDEX event_held_index ON event (organisation_id, index) WHERE outcome = 'held';
-- Who answers for a key: nobody clears what came by a key of their own.
ALTER TABLE api_key ADD COLUMN issued_by bigint REFERENCES person;

-- Events that a held declaration of error names as its correctives: while the event that they correct stands, their
-- mass must not count beside it.
CREATE TABLE held_corrective (
    organisation_id bigint NOT NULL,
    corrective_id text NOT NULL,
    declared_id text NOT NULL,
    declaration_index bigint NOT NULL
);
CREATE INDEX held_corrective_corrective_id_index ON held_corrective (corrective_id, organisation_id);
GRANT SELECT ON held_corrective TO junkan_app, junkan_writer;
GRANT INSERT ON held_corrective TO junkan_writer;
ALTER TABLE held_corrective ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON held_corrective FOR SELECT USING
    (organisation_id = junkan_organisation() OR junkan_scope() = 'record');
CREATE TRIGGER held_corrective_only_grows BEFORE UPDATE OR DELETE ON held_corrective FOR EACH ROW
    EXECUTE FUNCTION junkan_only_grows();
CREATE TRIGGER held_corrective_not_truncated BEFORE TRUNCATE ON held_corrective FOR EACH STATEMENT
    EXECUTE FUNCTION junkan_only_grows();
