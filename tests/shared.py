"""Where published data of others lies: read in place, never copied; absent in a user's clone."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
CONFORMANCE = SHARED / "conformance"
REFERENCE_DATA = SHARED / "reference-data"

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="published conformance data (../shared) is not beside this clone"
)
