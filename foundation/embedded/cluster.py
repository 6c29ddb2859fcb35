"""Cluster: the files of one database server: made once, with a password from the first moment."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foundation.database import OWNER
from foundation.embedded.account import Account, account_of, find_home, find_programs, make_home
from foundation.errors import Unavailable
from foundation.settings import keep_once

DATABASE: Final = "junkan"
HOST: Final = "127.0.0.1"

# Text sorts by code point everywhere (the built-in provider: no library update can break an index), while letters
# of all scripts are known to pg_trgm through LC_CTYPE. Apple's C library has no C.UTF-8.
LOCALE: Final = (("--locale=C", "--lc-ctype=en_US.UTF-8") if sys.platform == "darwin" else ("--locale=C.UTF-8",)) + (
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)

NEEDS: Final = (
    "run as a normal user that this machine knows, with JUNKAN_DATA_DIR a folder of your own on a disk with 1 GB free;"
    " or set JUNKAN_DATABASE_URL to a PostgreSQL server"
)

OPTIONS: Final = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # their paths may be no longer than 103 bytes; a data directory's may
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "max_wal_size": "2GB",
    "shared_buffers": "256MB",
    "max_connections": "50",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The log names what went wrong, never the values of a statement, which may be personal.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class Cluster:
    """Where one server keeps its files, as whom and with which programs it runs."""

    home: Path
    account: Account
    programs: Path

    @property
    def path(self) -> Path:
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def password_file(self) -> Path:
        return self.home / "password"

    def command(self, port: int) -> list[str]:
        settings = OPTIONS | {"port": str(port)}
        given = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self.programs / "postgres"), "-D", str(self.path), *given]

    def dsn(self, port: int, database: str = DATABASE) -> str:
        password = self.password_file.read_text("utf-8").strip()
        return f"postgresql://{OWNER}:{password}@{HOST}:{port}/{database}"


def environment() -> dict[str, str]:
    """What PostgreSQL's programs see: none of the caller's PG* variables."""
    # LC_ALL: Apple's C library would start threads to find the user's language, and PostgreSQL refuses threads.
    return {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "LC_ALL": "C"}


def prepare(data_dir: Path) -> Cluster:
    """The cluster of a data directory, made when it is not there (half a second). The caller holds the lock.

    Raises Unavailable with the reason: no rights, no space, another PostgreSQL's files.
    """
    try:
        home = make_home(data_dir)
        account = account_of(home / "cluster")
        cluster = Cluster(home, account, find_programs(home, account))
        if not cluster.path.exists():
            _initialise(cluster)
        _check_version(cluster)
    except (OSError, subprocess.SubprocessError) as fault:
        raise Unavailable(
            f"the database cannot be prepared in {data_dir}: {fault}",
            field="JUNKAN_DATA_DIR",
            fix=NEEDS,
        ) from fault
    if not cluster.password_file.exists():
        raise Unavailable(f"the password file {cluster.password_file} is gone", fix="bring it back from a backup")
    return cluster


def existing(data_dir: Path) -> Cluster | None:
    """The cluster of a data directory, when there is one; nothing is made."""
    home = find_home(data_dir)
    if home is None or not (home / "cluster").exists():
        return None
    account = account_of(home / "cluster")
    return Cluster(home, account, find_programs(home, account))


def _initialise(cluster: Cluster) -> None:
    """Make the files beside their place and rename them: a first start that was killed leaves no half cluster."""
    for leftover in cluster.home.glob("cluster.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    cluster.password_file.unlink(missing_ok=True)  # of a first start that was killed
    keep_once(cluster.password_file, secrets.token_urlsafe(32).encode())
    cluster.account.own(cluster.password_file)
    draft = cluster.home / f"cluster.new-{secrets.token_hex(4)}"
    draft.mkdir(mode=0o700)
    cluster.account.own(draft)
    command = [
        str(cluster.programs / "initdb"),
        f"--pgdata={draft}",
        f"--username={OWNER}",
        f"--pwfile={cluster.password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        *LOCALE,
        "--data-checksums",
        "--no-instructions",
    ]
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        command,
        cwd="/",
        env=environment(),
        umask=0o077,
        capture_output=True,
        text=True,
        check=False,
        **cluster.account.for_subprocess(),
    )
    if done.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        raise Unavailable(
            f"PostgreSQL's files cannot be made in {cluster.home}: {tail(done.stderr)}",
            field="JUNKAN_DATA_DIR",
            fix=NEEDS,
        )
    draft.rename(cluster.path)
    _sync(cluster.home)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_version(cluster: Cluster) -> None:
    made_by = (cluster.path / "PG_VERSION").read_text("utf-8").strip()
    answer = subprocess.run(  # noqa: S603 - our own program, no shell
        [cluster.programs / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    here = answer.stdout.split()[-1].split(".")[0]
    if made_by != here:
        raise Unavailable(
            f"{cluster.path} was made by PostgreSQL {made_by}, and PostgreSQL {here} is installed",
            fix=f"dump it with PostgreSQL {made_by} and load it into a new data directory",
        )


def free_port(cluster: Cluster) -> int:
    """The port this cluster had before, when it is free, else a free one, which is kept for the next time."""
    kept = cluster.home / "port"
    text = kept.read_text("utf-8", "replace").strip() if kept.exists() else ""
    before = int(text) if text.isdecimal() else 0
    for port in (before, 0):
        with socket.socket() as probe:
            # As PostgreSQL does: a connection that closed a moment ago does not hold the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except (OSError, OverflowError):
                continue
            free: int = probe.getsockname()[1]
        if free != before:
            kept.write_text(f"{free}\n", "utf-8")
        return free
    raise Unavailable(f"no port of {HOST} is free", fix="set JUNKAN_DATABASE_URL")


def tail(text: str, lines: int = 12) -> str:
    """The last lines of a log, for a refusal."""
    return "\n".join(text.strip().splitlines()[-lines:])
