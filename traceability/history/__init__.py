"""History: an organisation's own part of the record, as it reads it back and corrects it."""
