"""Interface of the rule book for machines: open to anyone, storing nothing."""
