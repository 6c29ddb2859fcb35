-- When a subscription's message was last not taken, and why: kept when later ones are, for whoever looks after it.
ALTER TABLE subscription ADD COLUMN last_failed_at timestamptz, ADD COLUMN last_failure text,
    ADD CONSTRAINT subscription_failure_is_told CHECK ((last_failed_at IS NULL) = (last_failure IS NULL));
GRANT UPDATE (last_failed_at, last_failure) ON subscription TO junkan_app;
