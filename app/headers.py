"""Headers: what every answer carries, whoever made it: security, caching, and a number to ask us about it by."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

STATIC: Final = Path(__file__).parent / "static"
POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
FOR_EVER: Final = "public, max-age=31536000, immutable"
REQUEST_ID: Final = "X-Request-Id"

Answered = Counter[tuple[str, str, int]]
"""How many answers went out, by method, path template and status."""


def static_digest(folder: Path = STATIC) -> str:
    """Twelve digits that change whenever a static file does: pages ask for files by it, browsers keep them for ever."""
    digest = hashlib.sha256()
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def request_id(scope: Scope) -> str:
    """The number of this request in our log; ours, never the client's, so that nobody writes into the log."""
    state: dict[str, Any] = scope.setdefault("state", {})
    number: str = state.setdefault("request_id", secrets.token_hex(8))
    return number


def fixed(*, https: bool) -> dict[str, str]:
    """The same for every answer."""
    headers = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return {**headers, "Strict-Transport-Security": "max-age=31536000; includeSubDomains"} if https else headers


def _caching(scope: Scope, status: int, digest: str) -> str:
    """A file under the digest of today's files never changes; what was made for somebody is nobody else's."""
    if scope["path"].startswith("/static/"):
        asked = scope["query_string"].decode("ascii", "replace")
        return FOR_EVER if asked == f"v={digest}" and status == 200 else "no-cache"
    return "private, no-store" if scope.get("state", {}).get("actor") else "no-cache"


def adding(*, https: bool, digest: str, answered: Answered) -> Callable[[Message, Scope], Any]:
    """The hook that adds them to each answer, where a handler has not set its own, and counts the answer."""
    always = fixed(https=https)

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers, status = MutableScopeHeaders.from_message(message), message["status"]
        for name, value in always.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", _caching(scope, status, digest))
        headers[REQUEST_ID] = request_id(scope)
        answered[scope["method"], scope.get("path_template") or "unknown", status] += 1  # type: ignore[typeddict-item]

    return add
