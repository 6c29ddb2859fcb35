"""Outgoing: what somebody's address may lead us to, and that nothing else is ever reached."""

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from app import logs
from foundation import outgoing
from foundation.outgoing import AddressRefused, NotSent, Outgoing, is_public
from foundation.webhooks import new_secret, seal, sealing_key, signed, unseal

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@dataclass
class Heard:
    """What a listener was sent, and what it answers."""

    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    requests: list[bytes] = field(default_factory=list)
    pause: float = 0.0
    port: int = 0
    began: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def listening(heard: Heard, tls: ssl.SSLContext | None = None) -> AsyncIterator[Heard]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        heard.requests.append(head + await reader.readexactly(length))
        heard.began.set()
        await asyncio.sleep(heard.pause)
        try:
            writer.write(heard.answer)
            await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    heard.port = server.sockets[0].getsockname()[1]
    async with server:
        yield heard


def to(*addresses: str) -> Callable[[str, int], Awaitable[list[str]]]:
    async def resolve(_: str, __: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
     "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "2001:0:7f00:1::", "::7f00:1", "2001:db8::1"],
)  # fmt: skip
async def test_no_address_that_is_not_public_is_reached_by_number_or_by_name(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    literal = f"[{address}]" if ":" in address else address
    for sent in (Outgoing(), Outgoing(resolve=to("93.184.215.14", address)), Outgoing(resolve=to(address))):
        with pytest.raises(AddressRefused):
            await sent.post(f"https://{literal}/x", b"", {})
    with pytest.raises(AddressRefused):
        await Outgoing(resolve=to("93.184.215.14", address)).post("https://hooks.example/x", b"", {})


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example/x", "ftp://hooks.example/x", "file:///etc/passwd", "https://", "hooks.example", "",
     "https://user:secret@hooks.example/", "https://hooks.example:99999/", "https://localhost/x", "https://[::1/x",
     "https://a.localhost./x", "https://2130706433/", "https://0x7f.1/", "https://hooks.example/#x"],
)  # fmt: skip
async def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises((AddressRefused, NotSent)):
        await Outgoing(resolve=to("127.0.0.1")).post(url, b"", {})


@given(st.ip_addresses())
def test_an_address_within_an_address_is_looked_at(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if isinstance(address, ipaddress.IPv4Address):
        mapped = ipaddress.IPv6Address(f"::ffff:{address}")
        assert is_public(mapped) is is_public(address)
        assert not is_public(ipaddress.IPv6Address(f"64:ff9b::{address}"))
    elif is_public(address):
        assert address.is_global


async def test_a_message_arrives_once_at_the_address_that_was_checked() -> None:
    asked: list[str] = []

    async def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"]

    async with listening(Heard()) as heard:
        sent = Outgoing(loopback=True, resolve=resolve)
        status = (await sent.post(f"http://hooks.example:{heard.port}/in?a=1", b"body", {"X-A": "1"})).status
    assert (status, asked) == (204, ["hooks.example"])
    assert heard.requests[0].startswith(b"POST /in?a=1 HTTP/1.1\r\n")
    assert f"host: hooks.example:{heard.port}".encode() in heard.requests[0].lower()
    assert heard.requests[0].endswith(b"\r\n\r\nbody")


async def test_the_address_of_a_message_stays_out_of_the_logs(caplog: pytest.LogCaptureFixture) -> None:
    logs.set_up("info")
    caplog.set_level(logging.INFO)
    async with listening(Heard()) as heard:
        sent = await Outgoing(loopback=True).post(f"http://127.0.0.1:{heard.port}/in?token=not-for-logs", b"", {})
    assert sent.status == 204
    assert "not-for-logs" not in caplog.text


async def test_a_redirect_is_an_answer_and_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with listening(Heard()) as inside:
        answer = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inside.port}/\r\nContent-Length: 0\r\n\r\n"
        async with listening(Heard(answer.encode())) as heard:
            assert (await Outgoing(loopback=True).post(f"http://127.0.0.1:{heard.port}/", b"", {})).status == 302
    assert inside.requests == []


async def test_an_answer_without_end_or_in_no_time_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b"x" * (outgoing.LARGEST + 10)
    async with listening(Heard(endless)) as heard:
        assert (await Outgoing(loopback=True).post(f"http://127.0.0.1:{heard.port}/", b"", {})).status == 200
    monkeypatch.setattr(outgoing, "PATIENCE", 0.2)
    async with listening(Heard(pause=5.0)) as heard:
        with pytest.raises(NotSent):
            await Outgoing(loopback=True).post(f"http://127.0.0.1:{heard.port}/", b"", {})
    with pytest.raises(NotSent):
        await Outgoing(loopback=True).post(f"http://127.0.0.1:{heard.port}/", b"", {})


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server that is `name`, and a client that trusts its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    client = ssl.create_default_context()
    client.load_verify_locations(file)
    return server, client


async def test_the_certificate_is_held_against_the_name_not_the_address(tmp_path: Path) -> None:
    server, client = certificate(tmp_path, "hooks.example")
    async with listening(Heard(), server) as heard:
        sent = Outgoing(loopback=True, resolve=to("127.0.0.1"), tls=client)
        assert (await sent.post(f"https://hooks.example:{heard.port}/", b"", {})).status == 204
        with pytest.raises(NotSent):
            await sent.post(f"https://other.example:{heard.port}/", b"", {})
        with pytest.raises(NotSent):
            await Outgoing(loopback=True, resolve=to("127.0.0.1")).post(f"https://hooks.example:{heard.port}/", b"", {})
    assert len(heard.requests) == 1


def test_a_message_is_signed_as_standard_webhooks_says() -> None:
    """The specification's own example."""
    body = b'{"test": 2432232314}'
    moment = datetime.fromtimestamp(1614265330, UTC)
    headers = signed("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


@given(st.text(min_size=1, max_size=80))
def test_a_sealed_secret_opens_only_with_its_key_for_its_owner(secret: str) -> None:
    key, other = sealing_key(b"x" * 40), sealing_key(b"y" * 40)
    try:
        sealed = seal(key, secret, "one")
    except UnicodeEncodeError:
        return
    assert unseal(key, sealed, "one") == secret
    assert unseal(key, sealed, "two") is None
    assert unseal(other, sealed, "one") is None
    assert secret.encode() not in sealed or len(secret) < 4
    assert seal(key, secret, "one") != sealed
    assert new_secret() != new_secret()
