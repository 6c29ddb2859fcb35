"""Settings: everything that differs between two installations, as one frozen value read from JUNKAN_*."""

import base64
import hashlib
import hmac
import ipaddress
import os
import secrets
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from foundation.errors import Invalid, Unavailable

PREFIX: Final = "JUNKAN_"
SECRET_FILE: Final = "secret"  # noqa: S105 - the name of a file
SHORTEST_SECRET: Final = 32  # characters; below that a password derived from it could be searched for

LogLevel = Literal["debug", "info", "warning", "error", "critical"]


def default_data_dir(environ: Mapping[str, str], home: Path, platform: str) -> Path:
    """Where a user's programs keep data on this platform (XDG base directories, Apple's Library, AppData)."""
    if platform == "darwin":
        return home / "Library" / "Application Support" / "junkan"
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "junkan"
    given = Path(environ.get("XDG_DATA_HOME", ""))
    # The XDG specification: a relative path in XDG_DATA_HOME is to be ignored.
    return (given if given.is_absolute() else home / ".local" / "share") / "junkan"


def _default_data_dir() -> Path:
    return default_data_dir(os.environ, Path.home(), sys.platform)


class Settings(BaseSettings):
    """One installation. `Settings()` reads the environment; `from_environment` reads a mapping instead."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,  # compose files pass what is unset as an empty text
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # an address may hold a password
    )

    database_url: SecretStr | None = None
    data_dir: Path = Field(default_factory=_default_data_dir)
    archive: Path | None = None
    public_url: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    signing_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    witnesses: str = ""
    witnessed_logs: str = ""
    outgoing_loopback: bool = False  # may we send to this very machine? For trials only
    drain_seconds: float = Field(default=2.0, ge=0, le=300)
    demo: bool = False  # pages say that firms and figures are invented
    debug: bool = False
    log_level: LogLevel = "info"

    @field_validator("data_dir", "archive")
    @classmethod
    def _whole_path(cls, value: Path | None) -> Path | None:
        return value and value.expanduser().absolute()

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value and urlsplit(value.get_secret_value()).scheme not in {"postgresql", "postgres"}:
            raise ValueError("must begin with postgresql://")
        return value

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be a web address such as https://junkan.example")
        if parts.query or parts.fragment or parts.username or parts.password:
            raise ValueError("must hold only scheme, host, port and path: labels carry it for ever")
        return value.rstrip("/")

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"must be at least {SHORTEST_SECRET} characters long")
        return value


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, or of the given environment, with one sentence when a value is wrong.

    Raises Invalid naming the variable; never shows the value, which may hold a password.
    """
    try:
        return Settings() if environ is None else _from_environment(environ)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise Invalid(f"{name}: {reason}", field=name, fix=f"correct or unset {name}") from None
    except RuntimeError as fault:  # Path.home() on an account without a home
        raise Invalid(f"no home directory is known ({fault})", field="JUNKAN_DATA_DIR", fix="set it") from fault


def _from_environment(environ: Mapping[str, str]) -> Settings:
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in environ.items() if value}
    values = source()
    values.setdefault("data_dir", default_data_dir(environ, Path(environ.get("HOME") or Path.home()), sys.platform))
    return Settings(_env_prefix="not read:", **values)


def public_base(settings: Settings) -> str:
    """The address that labels, links and identifiers begin with, without a trailing slash."""
    if settings.public_url:
        return settings.public_url
    # A server that listens everywhere is reached at some address; from here, at the loopback one.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared only
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def public_is_loopback(settings: Settings) -> bool:
    """Would a phone that scans a label look for the server on itself?"""
    host = urlsplit(public_base(settings)).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def data_home(settings: Settings) -> Path:
    """The data directory, made when it is not there; an existing one keeps its rights. Raises Unavailable."""
    # As root, PostgreSQL runs as another account, which must be able to pass through (not to list) it.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        settings.data_dir.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as fault:
        raise Unavailable(
            f"the data directory {settings.data_dir} cannot be made: {fault.strerror}",
            field="JUNKAN_DATA_DIR",
            fix="set JUNKAN_DATA_DIR to a folder that you may write to",
        ) from fault
    return settings.data_dir


def archive_home(settings: Settings) -> Path:
    """Where months that left the database lie: JUNKAN_ARCHIVE, else a folder of the data directory. It is not made."""
    return settings.archive or settings.data_dir / "archive"


def secret(settings: Settings) -> bytes:
    """What passwords and tokens of this installation are derived from: JUNKAN_SECRET_KEY, or a 0600 file of our own.

    With a database of your own the key must be given: several processes on several machines share it.
    Raises Invalid (no key) or Unavailable (the file cannot be made, or others may read it).
    """
    if settings.secret_key:
        return settings.secret_key.get_secret_value().encode()
    if settings.database_url:
        raise Invalid(
            "JUNKAN_DATABASE_URL is set, so JUNKAN_SECRET_KEY must be set too:"
            " every process that uses this database derives its passwords from it",
            field="JUNKAN_SECRET_KEY",
            fix=f"set JUNKAN_SECRET_KEY to {SHORTEST_SECRET} or more random characters, the same for every process",
        )
    path = data_home(settings) / SECRET_FILE
    try:
        if not path.exists():
            keep_once(path, secrets.token_urlsafe(48).encode())
        return _read_private(path)
    except OSError as fault:
        raise Unavailable(
            f"the secret file {path} cannot be used: {fault.strerror}", field="JUNKAN_DATA_DIR"
        ) from fault


def keep_once(path: Path, content: bytes) -> None:
    """Write a file that only we may read, whole or not at all; when another process was first, theirs stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)


def _read_private(path: Path) -> bytes:
    content, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise Unavailable(f"others may read {path} (mode {mode:03o})", fix=f"chmod 600 {path}, or replace it")
    if len(content) < SHORTEST_SECRET:
        raise Unavailable(f"{path} holds only {len(content)} bytes", fix=f"remove {path}: a new one will be made")
    return content


def role_password(secret: bytes, role: str) -> str:
    """The password of a database role: HMAC-SHA256 of its name under the secret, as 43 URL-safe characters."""
    digest = hmac.digest(secret, b"database role " + role.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
