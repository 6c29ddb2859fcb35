"""A bundle: the whole log as plain files that anyone can check without us, our database or our word."""

from traceability.bundle.checks import check_bundle, check_log
from traceability.bundle.files import Bundle, read_bundle, write_bundle
from traceability.bundle.rows import BadLine, BalanceLine, EntryLine, Finding, LogRow, Payload

__all__ = [
    "BadLine", "BalanceLine", "Bundle", "EntryLine", "Finding", "LogRow", "Payload", "check_bundle", "check_log",
    "read_bundle", "write_bundle",
]  # fmt: skip
