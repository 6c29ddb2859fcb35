"""Guards: what the database itself refuses, each with what it must refuse, so that none is there untested."""
