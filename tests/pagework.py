"""A browser without JavaScript for page tests: opens a page, presses its buttons, keeps what the page keeps."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

import httpx

from tests.conftest import PASSWORD, Firm

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
TOKEN = re.compile(r'name="_csrf_token" value="([0-9a-f]+)"')


@dataclass
class Browser:
    """One person at one browser."""

    client: httpx.AsyncClient
    token: str = ""

    async def sign_in(self, firm: Firm) -> None:
        """As this firm's person."""
        answer = await self.client.post("/sign-in", data={"email": firm.email, "password": PASSWORD})
        assert answer.status_code == 303
        self.client.headers["accept"] = "text/html"
        found = TOKEN.search((await self.client.get("/")).text)
        assert found
        self.token = found[1]

    async def open(self, path: str, **query: str) -> str:
        """The page, which must be there."""
        answer = await self.client.get(path, params=query or None)
        assert answer.status_code == 200, (path, said(answer.text)[:600])
        return answer.text

    async def send(self, path: str, data: dict[str, str]) -> httpx.Response:
        """Send a form as it is."""
        return await self.client.post(path, data={"_csrf_token": self.token, **data})

    async def check(self, path: str, data: dict[str, str]) -> str:
        """Send a form to its check page, which must be shown."""
        answer = await self.send(path, {"step": "check", **data})
        assert answer.status_code == 200, said(answer.text)[:600]
        assert "Check your answers" in answer.text or 'value="commit"' in answer.text, said(answer.text)[:600]
        return answer.text

    async def commit(self, path: str, page: str) -> httpx.Response:
        """Press the act's button on a check page."""
        return await self.send(path, {**hidden(page), "step": "commit"})

    async def do(self, path: str, data: dict[str, str]) -> str:
        """Check, commit, and follow: the page that the act leads to."""
        answer = await self.commit(path, await self.check(path, data))
        assert answer.status_code == 303, said(answer.text)[:600]
        return await self.open(answer.headers["location"])


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page, without its token."""
    main = page[page.index("<main") :]
    return {unescape(name): unescape(value) for name, value in HIDDEN.findall(main) if name != "_csrf_token"}


def said(page: str) -> str:
    """What a reader sees of the main part: tags away, white space folded, no-break spaces plain."""
    main = page[page.find("<main") : page.find("</main")] if "<main" in page else page
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main))).replace("\u00a0", " ")


def lot_links(page: str) -> list[str]:
    """Addresses of the lot pages that a page links to, each once, in order."""
    found = re.findall(r'href="(/stock/lot\?uri=[^"]+)"', page)
    return list(dict.fromkeys(unescape(each) for each in found))


def uri_of(link: str) -> str:
    """The lot's identity in the address of its page."""
    return str(httpx.QueryParams(urlsplit(link).query)["uri"])
