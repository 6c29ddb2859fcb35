"""Sequencing: commands are ordered, decided and committed by one writer, in batches."""
