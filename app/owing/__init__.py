"""Owing: what a law's calculation comes to, told alike to a machine, a reader of the page and a command line."""
