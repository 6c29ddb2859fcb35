"""Lot data: lots as they come from outside, as values, lines of JSON or tables, read exactly or refused by place."""
