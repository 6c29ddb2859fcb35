"""The corpus: worlds of honest firms with the frauds of real cases among them, played to measure the controls."""
