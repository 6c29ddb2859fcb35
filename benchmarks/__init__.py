"""Benchmarks: ratios against a named limit or peer measured in the same run."""
