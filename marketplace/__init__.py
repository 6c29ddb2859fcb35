"""The market: listings, search, offers, trades; it asks the ledger and the standards, and stores no balance."""
