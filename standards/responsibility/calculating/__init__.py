"""Calculating: the calculations of a law carried out, one case with every step explained, or a nation's table."""
