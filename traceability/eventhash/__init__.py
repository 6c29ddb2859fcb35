"""Event hash: the name that an EPCIS event has from its content alone (CBV 2.0, section 8.9.2; pure)."""

from traceability.eventhash.hashing import event_hash, hash_uri
from traceability.eventhash.prehash import prehash

__all__ = ["event_hash", "hash_uri", "prehash"]
