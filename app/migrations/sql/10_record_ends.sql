-- Events that a held declaration of error names as its correctives: while the event that they correct stands, their
-- mass must not count beside it. Only the sequencer reads and writes here.
CREATE TABLE held_corrective (
    organisation_id bigint NOT NULL,
    corrective_id text NOT NULL,
    declared_id text NOT NULL,
    declaration_index bigint NOT NULL
);
CREATE INDEX held_corrective_corrective_id_index ON held_corrective (corrective_id, organisation_id);
GRANT SELECT, INSERT ON held_corrective TO junkan_writer;
ALTER TABLE held_corrective ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE TRIGGER held_corrective_only_grows BEFORE UPDATE OR DELETE ON held_corrective FOR EACH ROW
    EXECUTE FUNCTION junkan_only_grows();
CREATE TRIGGER held_corrective_not_truncated BEFORE TRUNCATE ON held_corrective FOR EACH STATEMENT
    EXECUTE FUNCTION junkan_only_grows();
