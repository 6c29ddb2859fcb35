"""Subscriptions: named queries that report by themselves."""
