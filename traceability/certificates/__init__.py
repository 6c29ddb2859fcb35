"""Certificates: what a firm may certify, where and when, and what was certified of a lot for a buyer."""
