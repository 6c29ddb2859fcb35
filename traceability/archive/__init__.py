"""The archive: months of payloads as Parquet outside the database, checked against the log before and after."""
