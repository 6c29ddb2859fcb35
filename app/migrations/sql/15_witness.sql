-- Witnessing (C2SP tlog-witness): what we cosigned of other logs, their forks as evidence, and who cosigned ours.
CREATE TABLE witnessed (
    origin text PRIMARY KEY,
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    seen_at timestamptz NOT NULL
);
CREATE TABLE witnessed_fork (
    origin text NOT NULL REFERENCES witnessed,
    note text NOT NULL,
    kept_note text NOT NULL,
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (origin, note)
);
CREATE TABLE cosignature (
    size bigint NOT NULL REFERENCES checkpoint,
    witness text NOT NULL,
    line text NOT NULL,
    cosigned_at timestamptz NOT NULL,
    PRIMARY KEY (size, witness)
);

CREATE FUNCTION junkan_witnessed_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.origin <> OLD.origin OR NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root) THEN
        RAISE EXCEPTION 'a witnessed log never goes back' USING ERRCODE = 'JK004';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER witnessed_grows BEFORE UPDATE ON witnessed FOR EACH ROW EXECUTE FUNCTION junkan_witnessed_grows();
CREATE TRIGGER witnessed_stays BEFORE DELETE ON witnessed FOR EACH ROW EXECUTE FUNCTION junkan_only_grows();
CREATE TRIGGER witnessed_not_truncated BEFORE TRUNCATE ON witnessed
    FOR EACH STATEMENT EXECUTE FUNCTION junkan_only_grows();
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['witnessed_fork', 'cosignature'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW
                        EXECUTE FUNCTION junkan_only_grows()', name || '_only_grows', name);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT
                        EXECUTE FUNCTION junkan_only_grows()', name || '_not_truncated', name);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE (size, root, note, seen_at) ON witnessed TO junkan_app;
GRANT SELECT, INSERT ON witnessed_fork TO junkan_app;
GRANT SELECT ON cosignature TO junkan_app, junkan_writer;
GRANT INSERT ON cosignature TO junkan_writer;
