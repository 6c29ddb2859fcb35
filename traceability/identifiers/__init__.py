"""Identifiers: GS1 keys and Digital Link, EPC URNs, and our own addresses for firms without GS1 keys (pure)."""

from traceability.identifiers.own import (
    NAMESPACE,
    PREFIX,
    human_code,
    lot_uri,
    new_token,
    read_human_code,
    token_of,
)

__all__ = ["NAMESPACE", "PREFIX", "human_code", "lot_uri", "new_token", "read_human_code", "token_of"]
