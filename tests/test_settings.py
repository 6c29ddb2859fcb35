"""Settings: read from an environment, wrong ones refused by name, secrets kept and never shown."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from foundation.errors import Invalid, Unavailable
from foundation.settings import (
    Settings,
    default_data_dir,
    public_base,
    public_is_loopback,
    read_settings,
    role_password,
    secret,
)

LONG = "a-key-of-at-least-thirty-two-characters"


def given(tmp_path: Path, **values: str) -> Settings:
    environ = {f"JUNKAN_{name.upper()}": value for name, value in values.items()}
    return read_settings({"JUNKAN_DATA_DIR": str(tmp_path / "data"), "HOME": str(tmp_path), **environ})


def test_an_empty_environment_gives_a_server_of_ones_own(tmp_path: Path) -> None:
    settings = read_settings({"HOME": str(tmp_path)})
    assert (settings.host, settings.port, settings.debug, settings.database_url) == ("127.0.0.1", 8000, False, None)
    assert settings.data_dir.is_relative_to(tmp_path)
    assert not settings.data_dir.exists(), "reading settings writes nothing"


def test_every_setting_is_read_from_its_variable(tmp_path: Path) -> None:
    settings = given(
        tmp_path,
        database_url="postgresql://u:p@db/junkan",
        public_url="https://junkan.example/",
        host="0.0.0.0",
        port="9000",
        signing_key="key",
        secret_key=LONG,
        debug="true",
        log_level="WARNING",
    )
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://u:p@db/junkan"
    assert (settings.port, settings.debug, settings.log_level) == (9000, True, "warning")
    assert settings.data_dir == tmp_path / "data"


def test_given_environment_is_the_only_one_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUNKAN_PORT", "1234")
    assert read_settings().port == 1234
    assert given(tmp_path).port == 8000


def test_what_is_set_to_nothing_is_not_set(tmp_path: Path) -> None:
    settings = given(tmp_path, database_url="", secret_key="", public_url="", port="")
    assert (settings.database_url, settings.secret_key, settings.public_url, settings.port) == (None, None, None, 8000)


def test_settings_do_not_change(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        given(tmp_path).port = 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "0"),
        ("port", "65536"),
        ("port", "http"),
        ("database_url", "mysql://root:hidden-word@db/x"),
        ("database_url", "hidden-word"),
        ("public_url", "junkan.example"),
        ("public_url", "ftp://junkan.example"),
        ("public_url", "https://me:hidden-word@junkan.example"),
        ("public_url", "https://junkan.example?a=hidden-word"),
        ("secret_key", "hidden-word"),
        ("debug", "perhaps"),
        ("log_level", "loud"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_not_shown(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        given(tmp_path, **{name: value})
    assert refusal.value.field == f"JUNKAN_{name.upper()}"
    assert "hidden-word" not in f"{refusal.value.sentence}{refusal.value.fix}{refusal.value.value}"


def test_printing_settings_shows_no_secret(tmp_path: Path) -> None:
    settings = given(tmp_path, database_url="postgresql://u:hidden-word@db/x", secret_key=LONG, signing_key=LONG)
    assert "hidden-word" not in repr(settings)
    assert LONG not in f"{settings!r} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({}, "linux", "/home/mei/.local/share/junkan"),
        ({"XDG_DATA_HOME": "/srv/data"}, "linux", "/srv/data/junkan"),
        ({"XDG_DATA_HOME": "relative"}, "linux", "/home/mei/.local/share/junkan"),
        ({}, "darwin", "/home/mei/Library/Application Support/junkan"),
        ({"LOCALAPPDATA": "/c/mei/Local"}, "win32", "/c/mei/Local/junkan"),
    ],
)
def test_data_lies_where_the_platform_keeps_it(environ: dict[str, str], platform: str, expected: str) -> None:
    assert default_data_dir(environ, Path("/home/mei"), platform) == Path(expected)


@pytest.mark.parametrize(
    ("values", "base", "loopback"),
    [
        ({}, "http://127.0.0.1:8000", True),
        ({"host": "0.0.0.0", "port": "81"}, "http://127.0.0.1:81", True),
        ({"host": "::1"}, "http://[::1]:8000", True),
        ({"host": "192.168.1.20"}, "http://192.168.1.20:8000", False),
        ({"public_url": "https://junkan.example/"}, "https://junkan.example", False),
        ({"public_url": "https://firm.example/junkan//"}, "https://firm.example/junkan", False),
        ({"public_url": "http://localhost:8000"}, "http://localhost:8000", True),
    ],
)
def test_labels_begin_with_the_public_address(
    tmp_path: Path, values: dict[str, str], base: str, loopback: bool
) -> None:
    settings = given(tmp_path, **values)
    assert public_base(settings) == base
    assert public_is_loopback(settings) is loopback


def test_the_secret_is_made_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    settings = given(tmp_path)
    first = secret(settings)
    assert len(first) >= 32
    assert secret(given(tmp_path)) == first
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["secret"], "no draft is left behind"


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as starters:
        assert len(set(starters.map(secret, [given(tmp_path)] * 32))) == 1


def test_two_installations_have_two_secrets(tmp_path: Path) -> None:
    assert secret(given(tmp_path / "a")) != secret(given(tmp_path / "b"))


def test_a_given_key_is_the_secret_and_no_file_is_made(tmp_path: Path) -> None:
    assert secret(given(tmp_path, secret_key=LONG)) == LONG.encode()
    assert not (tmp_path / "data").exists()


def test_a_database_of_ones_own_needs_a_key_of_ones_own(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="JUNKAN_SECRET_KEY must be set") as refusal:
        secret(given(tmp_path, database_url="postgresql://db/junkan"))
    assert refusal.value.field == "JUNKAN_SECRET_KEY"
    assert not (tmp_path / "data").exists()


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    settings = given(tmp_path)
    secret(settings)
    (tmp_path / "data" / "secret").chmod(0o644)
    with pytest.raises(Unavailable, match="others may read"):
        secret(settings)


def test_a_secret_cut_short_is_refused(tmp_path: Path) -> None:
    settings = given(tmp_path)
    secret(settings)
    (tmp_path / "data" / "secret").write_bytes(b"")
    with pytest.raises(Unavailable, match="0 bytes"):
        secret(settings)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable, match="cannot be made") as refusal:
        secret(given(tmp_path, data_dir=str(tmp_path / "file" / "data")))
    assert refusal.value.field == "JUNKAN_DATA_DIR"


def test_a_role_password_follows_from_secret_and_role() -> None:
    known = role_password(b"k" * 32, "junkan_app")
    # Computed apart: printf 'database role junkan_app' | openssl dgst -sha256 -hmac kk..k -binary | basenc --base64url
    assert known == "Dra7_B7kVpSX3LFXQwPqfyaQZVnrgffoOSVkZJr2e98"
    assert len({known, role_password(b"k" * 32, "junkan_writer"), role_password(b"l" * 32, "junkan_app")}) == 3
