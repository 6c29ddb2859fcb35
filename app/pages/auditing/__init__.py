"""What a regulator and an auditor read, put into words: figures, flows of mass, single facts of the log."""
