"""Importing: a firm's own spreadsheet read whole, every error by row and column, rehearsed, then captured."""
