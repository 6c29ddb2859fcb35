-- What a stranger says of a label changes nothing that others see: it is answered by the label's issuer or by an
-- authority, and the answer is a fact of the log.
DROP POLICY anyone_reports ON label_report;
DROP POLICY record_clears ON label_report;
REVOKE UPDATE (cleared_by, cleared_at) ON label_report FROM junkan_app;
ALTER TABLE label_report DROP COLUMN cleared_by, DROP COLUMN cleared_at, ADD COLUMN answer_index bigint;
CREATE INDEX label_report_open_index ON label_report (lot_id) WHERE answer_index IS NULL;
CREATE INDEX label_report_lot_id_reported_at_index ON label_report (lot_id, reported_at);
CREATE POLICY anyone_reports ON label_report FOR INSERT WITH CHECK (answer_index IS NULL);
CREATE POLICY issuer_reads ON label_report FOR SELECT USING
    (EXISTS (SELECT FROM lot l WHERE l.id = lot_id AND l.organisation_id = junkan_organisation()));
GRANT SELECT, UPDATE (answer_index) ON label_report TO junkan_writer;

CREATE TABLE label_finding (
    fact_index bigint PRIMARY KEY,
    lot_id bigint NOT NULL REFERENCES lot,
    organisation_id bigint NOT NULL,
    authority boolean NOT NULL, -- found by a regulator, not by the issuer itself
    finding text NOT NULL CHECK (finding IN ('cloned', 'sound')),
    reports bigint NOT NULL CHECK (reports >= 0),
    statement text NOT NULL CHECK (length(statement) BETWEEN 1 AND 1000),
    found_at timestamptz NOT NULL
);
CREATE INDEX label_finding_lot_id_index ON label_finding (lot_id, fact_index);
CREATE TRIGGER label_finding_only_grows BEFORE UPDATE OR DELETE ON label_finding FOR EACH ROW
    EXECUTE FUNCTION junkan_only_grows();
CREATE TRIGGER label_finding_not_truncated BEFORE TRUNCATE ON label_finding FOR EACH STATEMENT
    EXECUTE FUNCTION junkan_only_grows();
ALTER TABLE label_finding ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON label_finding FOR SELECT USING
    (organisation_id = junkan_organisation() OR junkan_scope() = 'record');
GRANT SELECT ON label_finding TO junkan_app, junkan_writer;
GRANT INSERT ON label_finding TO junkan_writer;
