-- A file between its check and its confirmation: kept for a day by the digest of its bytes, for its organisation alone.
CREATE TABLE upload (
    organisation_id bigint NOT NULL REFERENCES organisation,
    digest bytea NOT NULL,
    content bytea NOT NULL CHECK (length(content) BETWEEN 1 AND 10000000),
    name text NOT NULL CHECK (length(name) <= 200),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, digest),
    CONSTRAINT upload_digest_is_of_the_content CHECK (digest = sha256(content))
);
ALTER TABLE upload ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON upload USING (organisation_id = junkan_organisation());
GRANT SELECT, INSERT, DELETE ON upload TO junkan_app;
GRANT UPDATE (created_at, name) ON upload TO junkan_app;
