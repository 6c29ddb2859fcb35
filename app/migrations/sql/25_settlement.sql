-- How a delivery is settled: the seller's conditions stand on the listing, a trade takes them along as they were
-- agreed, and each side states what it found. What is to be paid is never stored: it is reckoned from these.
ALTER TABLE listing ADD COLUMN conditions jsonb NOT NULL DEFAULT '{}'
    CONSTRAINT listing_conditions_are_an_object CHECK (jsonb_typeof(conditions) = 'object');
ALTER TABLE trade ADD COLUMN conditions jsonb NOT NULL DEFAULT '{}'
    CONSTRAINT trade_conditions_are_an_object CHECK (jsonb_typeof(conditions) = 'object');

CREATE TABLE settlement_statement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trade_id bigint NOT NULL REFERENCES trade,
    organisation_id bigint NOT NULL REFERENCES organisation,
    moisture_pct numeric(7, 4) CHECK (moisture_pct BETWEEN 0 AND 100),
    contamination_pct numeric(7, 4) CHECK (contamination_pct BETWEEN 0 AND 100),
    excess_accepted boolean NOT NULL,
    amount numeric(24, 4) NOT NULL CHECK (amount >= 0), -- what it came to when it was stated
    statement text NOT NULL CHECK (length(statement) <= 1000),
    stated_at timestamptz NOT NULL
);
CREATE INDEX settlement_statement_trade_index ON settlement_statement (trade_id, organisation_id, id);

CREATE TRIGGER settlement_statement_only_grows BEFORE UPDATE OR DELETE ON settlement_statement FOR EACH ROW
    EXECUTE FUNCTION junkan_only_grows();
CREATE TRIGGER settlement_statement_not_truncated BEFORE TRUNCATE ON settlement_statement FOR EACH STATEMENT
    EXECUTE FUNCTION junkan_only_grows();
GRANT SELECT, INSERT ON settlement_statement TO junkan_app;
ALTER TABLE settlement_statement ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY parties ON settlement_statement FOR SELECT USING
    (EXISTS (SELECT FROM trade t WHERE t.id = trade_id AND junkan_organisation() IN (t.seller, t.buyer)));
CREATE POLICY parties_state ON settlement_statement FOR INSERT WITH CHECK (organisation_id = junkan_organisation()
    AND EXISTS (SELECT FROM trade t WHERE t.id = trade_id AND junkan_organisation() IN (t.seller, t.buyer)));
