"""Genealogy: what a lot was made of, what was made of it, and how much of each."""
