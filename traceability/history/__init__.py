"""History: an organisation's own part of the record, as it reads it back, corrects it and clears what is on hold."""
