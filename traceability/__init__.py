"""The record: events, ledger, custody, log, evidence, labels, passports."""
