"""Figures that a regulator can audit down to the single event; never reads the market."""
