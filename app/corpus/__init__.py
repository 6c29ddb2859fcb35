"""The corpus: honest worlds and the frauds of real cases, played through capture to measure what the controls do."""
