"""Outgoing: the only way we send anything to an address that somebody gave us; it reaches the public Internet alone."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx

from foundation.errors import Invalid

PATIENCE: Final = 10.0
"""Seconds for all of it: the look-up, the connection, the answer."""

LARGEST: Final = 65_536
"""Octets of an answer that we read."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Addresses that stand for others: what they carry must be looked at, not they.
_CARRIERS: Final = tuple(
    ipaddress.IPv6Network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)


class AddressRefused(Invalid):
    """Nothing may be sent to this address: it is no public one, or not one of the web."""

    code: ClassVar[str] = "ADDRESS_REFUSED"


class NotSent(Exception):
    """It could not be sent, or was not answered in time; the sentence says why, without the address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the status, the media type, the text as far as we read it."""

    status: int
    kind: str
    text: str


Resolver = Callable[[str, int], Awaitable[list[str]]]
"""All addresses of a name; raises OSError where it has none."""


async def look_up(host: str, port: int) -> list[str]:
    """As the system does it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`loopback`: this machine may be sent to as well, also without TLS (tests and demos).

    `tls`: whom certificates are trusted of (None: the public authorities).
    """

    loopback: bool = False
    resolve: Resolver = look_up
    tls: ssl.SSLContext | None = None

    def check(self, url: str) -> SplitResult:
        """The parts of an address that may be sent to, as far as its text tells. Raises AddressRefused."""
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            raise _refused(url, "This is no web address.", "Write it like https://example.org/events.") from None
        schemes = {"https", "http"} if self.loopback else {"https"}
        if parts.scheme not in schemes or not parts.hostname:
            raise _refused(url, "We send to https addresses only.", "Write it like https://example.org/events.")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise _refused(url, "An address holds no password and no fragment.", "Leave them out.")
        literal = _literal(parts.hostname)
        if literal is not None and not self._allows(literal):
            raise _refused(url, "This address is not on the public Internet.", "Use a public one.")
        if parts.hostname.lower().rstrip(".").endswith("localhost") and not self.loopback:
            raise _refused(url, "This address is this very machine.", "Use a public one.")
        return parts

    def _allows(self, address: Address) -> bool:
        return is_public(address) or (self.loopback and address.is_loopback)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send once, follow no redirect, and give the answer. Raises AddressRefused or NotSent.

        The name is looked up once, every address it has must be allowed, and the one that was checked is connected
        to: no second look-up could answer otherwise. Proxies of the environment take no part.
        """
        parts = self.check(url)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._post(parts, await self._resolved(url, parts), body, headers)
        except TimeoutError:
            raise NotSent("no answer in time") from None
        except (httpx.HTTPError, ssl.SSLError, OSError) as fault:
            raise NotSent(type(fault).__name__) from fault

    async def _resolved(self, url: str, parts: SplitResult) -> Address:
        """The address to connect to."""
        host, port = parts.hostname or "", parts.port or _port(parts)
        try:
            found = await self.resolve(host, port)
        except (OSError, UnicodeError):
            raise NotSent("the name is not known") from None
        addresses = [ipaddress.ip_address(each.partition("%")[0]) for each in found]
        if not addresses or not all(self._allows(each) for each in addresses):
            raise _refused(url, "This name leads to an address that is not public.", "Use a public one.")
        return addresses[0]

    async def _post(self, parts: SplitResult, address: Address, body: bytes, headers: Mapping[str, str]) -> Answer:
        host = f"[{address}]" if address.version == 6 else str(address)
        pinned = urlunsplit((parts.scheme, f"{host}:{parts.port or _port(parts)}", parts.path or "/", parts.query, ""))
        sent = {**headers, "Host": parts.netloc, "Accept-Encoding": "identity"}
        verify = True if self.tls is None else self.tls
        async with httpx.AsyncClient(
            verify=verify, trust_env=False, follow_redirects=False, timeout=PATIENCE
        ) as client:
            request = client.build_request(
                "POST", pinned, content=body, headers=sent, extensions={"sni_hostname": parts.hostname}
            )
            answer = await client.send(request, stream=True)
            read = b""
            try:
                async for chunk in answer.aiter_raw():
                    read += chunk
                    if len(read) > LARGEST:
                        break
            finally:
                await answer.aclose()
            kind = answer.headers.get("content-type", "")
            return Answer(answer.status_code, kind, read[:LARGEST].decode("utf-8", "replace"))


def _port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether this address is one host of the public Internet: not private, local, shared, multicast or a carrier."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in _CARRIERS):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _refused(url: str, sentence: str, fix: str) -> AddressRefused:
    return AddressRefused(sentence, field="dest", value=url[:200], fix=fix)
