"""Duties: what an edition of a law says beside its rates: who owes what, dated tables, calculations, deadlines."""
