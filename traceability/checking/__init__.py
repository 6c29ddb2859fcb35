"""Checking: what the record knows around an event, read for a whole batch, as the facts that the controls ask for."""
