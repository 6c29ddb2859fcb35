"""Accounting: the mass-balance accounts of a facility, read as statements of their periods."""
