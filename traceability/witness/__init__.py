"""Witnessing: other logs' checkpoints cosigned by us, and ours by others, so that no log can show two histories."""
