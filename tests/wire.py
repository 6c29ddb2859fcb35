"""A wire between a process and its database that breaks at a chosen question: before it arrives, or its answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlalchemy.engine import make_url

from foundation.database import Urls

SSL_REQUEST = 80877103
ASKING = b"QSc"  # PostgreSQL's messages after which a client waits: a query, a sync, the end of a COPY
When = Literal["before", "after"]


@dataclass
class Wire:
    """Counts what is asked over it (`asked`); at the `cut_at`-th question the connection that asks it breaks, once."""

    host: str
    port: int
    asked: int = 0
    cut_at: int | None = None
    when: When = "before"
    down: bool = False
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def breaks(self, at: int, when: When) -> None:
        self.asked, self.cut_at, self.when = 0, at, when

    def cut_all(self, *, down: bool) -> None:
        """Every connection breaks now; while it is `down` there is no new one either."""
        self.down = down
        for writer in [*self._open]:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.close()
            return
        there, back = await asyncio.open_connection(self.host, self.port)
        self._open |= {writer, back}
        answers = asyncio.create_task(self._answers(there, writer))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._questions(reader, back)
        answers.cancel()
        self._open -= {writer, back}
        writer.close()
        back.close()

    async def _questions(self, reader: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
        begun = False
        while True:
            kind = await reader.readexactly(1) if begun else b""
            size = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(size, "big") - 4)
            begun = begun or int.from_bytes(body[:4], "big") != SSL_REQUEST
            cut = self._counts(kind)
            if cut and self.when == "before":
                return
            there.write(kind + size + body)
            await there.drain()
            if cut:
                await asyncio.sleep(0.05)  # it is done, and nobody hears of it
                return

    def _counts(self, kind: bytes) -> bool:
        self.asked += bool(kind) and kind in ASKING
        if self.cut_at is None or self.asked < self.cut_at:
            return False
        self.cut_at = None
        return True

    async def _answers(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await there.read(65_536):
                if self.cut_at is None or self.asked < self.cut_at:
                    writer.write(data)
        writer.close()


@asynccontextmanager
async def wired(urls: Urls) -> AsyncIterator[tuple[Wire, Urls]]:
    """The runtime roles' addresses over a wire; the owner's is as it was."""
    real = make_url(urls.app)
    wire = Wire(real.host or "127.0.0.1", real.port or 5432)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    def over(url: str) -> str:
        return make_url(url).set(host="127.0.0.1", port=port).render_as_string(hide_password=False)

    try:
        yield wire, replace(urls, app=over(urls.app), writer=over(urls.writer))
    finally:
        server.close()
        wire.cut_all(down=True)
