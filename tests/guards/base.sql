-- What the probes stand on: organisation 1 owns everything, 2 deals with it, 3 is a stranger to both.
INSERT INTO organisation (id, uri, name, country, roles, created_at)
SELECT n, 'urn:organisation:' || n, 'Organisation', 'JP', '{recycler}', now() FROM generate_series(1, 3) AS n;
INSERT INTO facility (id, organisation_id, uri, name, country, time_zone, created_at)
VALUES (1, 1, 'urn:facility:1', 'Site', 'JP', 'Asia/Tokyo', now());
INSERT INTO person (id, organisation_id, email, name, password_hash, roles, created_at)
VALUES (1, 1, 'one@example.org', 'One', '-', '{read}', now());
INSERT INTO event_key (index, organisation_id, event_id, event_hash, declares_error)
SELECT n, 1, 'urn:event:' || n, sha256(n::text::bytea), false FROM generate_series(0, 9) AS n;
UPDATE log_head SET size = 10, record_time = now(), next_lot_id = 10;
INSERT INTO lot (id, uri, token, organisation_id, facility_id, material, form, custody, origins, created_index, created_day)
SELECT n, 'urn:lot:' || n, 'token' || n, 1, 1, 'plastics.pet', 'bale', 'segregated', '[]', 0, '2026-11-01'
FROM generate_series(1, 4) AS n;
INSERT INTO mass_account (facility_id, material, scheme, first_day, last_day, organisation_id, strict, opening_pre, opening_post)
VALUES (1, 'm', 's', '2026-10-01', '2026-12-31', 1, true, 0, 0);
INSERT INTO checkpoint (size, root, note, signed_at) VALUES (5, sha256('five'), 'note', now());
INSERT INTO permit (id, facility_id, organisation_id, number, authority, process, material, valid_from, fact_index, recorded_by)
SELECT n, 1, 1, n::text, 'Ministry', 'recycling', '*', '2026-01-01', 1, 1 FROM generate_series(1, 3) AS n;
INSERT INTO recall (fact_index, organisation_id, authority, reason, statement, opened_at)
VALUES (2, 1, false, 'other', '', now()), (3, 1, false, 'other', '', now());
INSERT INTO listing (id, organisation_id, lot_id, lot_uri, material, form, country, price, currency, smallest_grams,
    incoterm, verdicts, judged_on, state, published_at)
VALUES (1, 1, 1, 'urn:lot:1', 'plastics.pet', 'bale', 'JP', 1, 'JPY', 1, 'FCA', '{}', '2026-11-01', 'withdrawn', now());
INSERT INTO offer (id, listing_id, seller, buyer, grams, price, currency, state, created_at)
SELECT n, 1, 1, 2, 1, 1, 'JPY', 'accepted', now() FROM generate_series(1, 3) AS n;
INSERT INTO trade (id, reference, offer_id, seller, buyer, lot_id, lot_uri, grams, price, currency, state, agreed_at)
VALUES (1, 'urn:trade:1', 1, 1, 2, 1, 'urn:lot:1', 1, 1, 'JPY', 'agreed', now());
INSERT INTO scope_certificate (fact_index, holder_id, body_id, body, recorded_by, scheme, number, sites, materials,
    processes, valid_from, valid_to, recorded_at)
VALUES (4, 1, 2, 'Body', 2, 'scheme', '1', '{site}', '{*}', '{recycling}', '2026-01-01', '2026-12-31', now());
INSERT INTO certified_lot (lot_id, scope, lot_grams, input_grams, yield_share) VALUES (1, 4, 10, 10, 1);
INSERT INTO transaction_certificate (fact_index, scope, body_id, number, lot_id, seller_id, buyer_id, site, grams,
    shipped_on, issued_at)
VALUES (5, 4, 2, '1', 1, 1, 2, 'site', 10, '2026-11-01', now());
INSERT INTO movement_proposal (fact_index, movement, proposer_id, other_id, reason, proposed_at, lapses_at)
VALUES (10, 1, 1, 2, 'why', now(), now() + interval '14 days');
INSERT INTO movement_request (fact_index, movement, organisation_id, other_id, country, reason, asked_at)
VALUES (11, 1, 1, 2, 'JP', 'why', now());
INSERT INTO declaration (fact_index, organisation_id, country, year, material, category, grams, declared_at)
VALUES (6, 1, 'JP', 2026, 'plastics.pet', 'packaging', 1, now()),
       (7, 1, 'JP', 2025, 'plastics.pet', 'packaging', 1, now());
INSERT INTO statement (fact_index, lot_id, organisation_id, name, said, stated_on)
VALUES (8, 1, 1, 'additives', true, '2026-11-01'), (9, 2, 1, 'additives', true, '2026-11-01');
INSERT INTO named_query (organisation_id, name, query, created_at) VALUES (1, 'mine', '{}', now());
INSERT INTO witnessed (origin, size, root, note, seen_at) VALUES ('elsewhere', 5, sha256('five'), 'note', now());
-- Numbers that the database gives begin above all of these.
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER SEQUENCE %s RESTART WITH 1000', name);
    END LOOP;
END $$;
