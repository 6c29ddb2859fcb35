"""Responsibility: the EPR rule packs, their formulas and calendars; what a law counts, when, and towards what."""
