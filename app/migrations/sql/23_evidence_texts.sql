-- A property that is told in words (a colour, a shape) has words and no unit; every other one a number in a unit.
ALTER TABLE measurement ADD COLUMN words text CHECK (length(words) BETWEEN 1 AND 200),
    ALTER COLUMN value DROP NOT NULL,
    ALTER COLUMN unit DROP NOT NULL,
    ADD CONSTRAINT measurement_number_or_words CHECK (
        (words IS NULL AND value IS NOT NULL AND unit IS NOT NULL)
        OR (words IS NOT NULL AND value IS NULL AND unit IS NULL AND comparator = '=' AND uncertainty IS NULL));

-- What a lot's maker or holder says of it: yes or no, or one of the words that standards know. What is said anew, or
-- withdrawn (neither yes nor no nor words), follows what the same firm said before: so only one saying stands, and two
-- at the same time cannot both follow it.
CREATE TABLE statement (
    fact_index bigint PRIMARY KEY,
    lot_id bigint NOT NULL REFERENCES lot,
    organisation_id bigint NOT NULL,
    name text NOT NULL,
    said boolean,
    words text CHECK (length(words) BETWEEN 1 AND 200),
    stated_on date NOT NULL,
    follows bigint CONSTRAINT statement_follows_key UNIQUE,
    CONSTRAINT statement_of_the_same UNIQUE (fact_index, lot_id, organisation_id, name),
    CONSTRAINT statement_follows_its_own FOREIGN KEY (follows, lot_id, organisation_id, name)
        REFERENCES statement (fact_index, lot_id, organisation_id, name),
    CONSTRAINT statement_says_one_thing CHECK (
        num_nonnulls(said, words) = 1 OR (num_nonnulls(said, words) = 0 AND follows IS NOT NULL))
);
CREATE UNIQUE INDEX statement_first_key ON statement (lot_id, organisation_id, name) WHERE follows IS NULL;
GRANT SELECT ON statement TO junkan_app, junkan_writer;
GRANT INSERT ON statement TO junkan_writer;
ALTER TABLE statement ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON statement FOR SELECT USING
    (organisation_id = junkan_organisation() OR junkan_scope() = 'record');
CREATE TRIGGER statement_only_grows BEFORE UPDATE OR DELETE ON statement FOR EACH ROW
    EXECUTE FUNCTION junkan_only_grows();
CREATE TRIGGER statement_not_truncated BEFORE TRUNCATE ON statement FOR EACH STATEMENT
    EXECUTE FUNCTION junkan_only_grows();
