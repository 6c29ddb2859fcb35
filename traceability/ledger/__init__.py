"""The ledger: every event becomes entries in grams that sum to zero (pure rules)."""
