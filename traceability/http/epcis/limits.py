"""Limits: how much one capture takes and how long an address may be, as the standard's headers announce it."""

from collections.abc import Mapping
from typing import Final

LARGEST: Final = 8_000_000
"""Octets of one document."""

MOST: Final = 10_000
"""Events of one document."""

LONGEST: Final = 8_000
"""Characters of the path and query of one address."""

LIMITS: Final[Mapping[str, str]] = {
    "GS1-EPCIS-Capture-Limit": str(MOST),
    "GS1-EPCIS-Capture-File-Size-Limit": str(LARGEST),
}
