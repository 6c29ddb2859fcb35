"""The rule book: pure functions and frozen values; every number comes from dated data."""
