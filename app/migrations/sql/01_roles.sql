-- Who may do what. The owner migrates; junkan_app serves requests and row-level security applies to it;
-- junkan_writer is the sequencer: it writes for many tenants in one COPY, which row-level security forbids,
-- so it bypasses it, and may insert into the record and update balances, and no more.
GRANT USAGE ON SCHEMA public TO junkan_app, junkan_writer;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Who reads now: set per transaction by the service; nothing set means no rows (fail closed).
CREATE FUNCTION junkan_organisation() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('junkan.organisation', true), '')::bigint;
CREATE FUNCTION junkan_scope() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(current_setting('junkan.scope', true), '');

CREATE FUNCTION junkan_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record only grows: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'JK001';
END $$;
