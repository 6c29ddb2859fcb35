"""Crossings: the question "can it cross?" as machines and the command line ask it."""
