"""The ground: settings, database, registry, access; it knows nothing of recycling."""
