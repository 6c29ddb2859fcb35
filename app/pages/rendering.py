"""Rendering: a template shown to one reader in their language, and a refusal shown where it was made."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import Cookie

from app.formats import Lang
from app.problems import plain
from app.words import FALLBACK, Words, load_words, negotiate, switches
from foundation.access import Actor, csrf_token
from foundation.errors import Refusal
from foundation.settings import Settings, public_base, public_is_loopback

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
LANGUAGE: Final = "junkan-lang"
# Codes of many rules: what is translated of them says less than the rule's own sentence, which is shown beside it.
GENERAL: Final = frozenset({"INVALID", "CONFLICT", "REFUSED", "MALFORMED"})

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Renderer:
    """Templates and words, read once for an application; `app.state.renderer` holds it."""

    templates: Environment
    words: Words
    site: dict[str, Any]

    @classmethod
    def of(cls, settings: Settings) -> "Renderer":
        """Made from settings when the application is."""
        host = public_base(settings).partition("://")[2]
        site = {
            "host": host, "loopback": public_is_loopback(settings), "demo": settings.demo,
            "version": version("junkan"),
        }  # fmt: skip
        return cls(_templates(reload=settings.debug), load_words(), site)


@cache
def _templates(*, reload: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=reload, cache_size=-1,
    )  # fmt: skip


def language_of(request: AnyRequest) -> Lang:
    """?lang=, the cookie, the person's own setting, the browser's wish, English."""
    actor: Actor | None = getattr(request.state, "actor", None)
    own = request.cookies.get(LANGUAGE) or (actor.language if actor and actor.person_id else None)
    return negotiate(request.headers.get("accept-language"), own, request.query_params.get("lang"))


def show(request: AnyRequest, template: str, *, status: int = 200, **context: Any) -> Response[str]:
    """A page. A chosen language (`?lang=`) is remembered in a cookie."""
    renderer: Renderer = request.app.state.renderer
    actor: Actor | None = getattr(request.state, "actor", None)
    token: str | None = getattr(request.state, "session_token", None)
    lang = language_of(request)
    viewer = None
    if actor is not None and actor.person_id is not None:
        viewer = {
            "name": actor.person_name, "organisation": actor.organisation_name, "roles": actor.organisation_roles,
            "may": actor.roles,
        }  # fmt: skip
    frame = {
        "t": renderer.words.speech(lang), "here": request.url.path, "site": renderer.site, "viewer": viewer,
        "switches": switches(request.url.path, request.url.query or "", lang), "htmx": False,
        "csrf": csrf_token(token) if token else "", "errors": [], "flashes": [],
    }  # fmt: skip
    html = renderer.templates.get_template(template).render({**frame, **context})
    cookies = []
    if "lang" in request.query_params:
        secure: bool = request.app.state.https
        cookies = [Cookie(key=LANGUAGE, value=lang, max_age=31_536_000, samesite="lax", secure=secure)]
    headers = {"Cache-Control": "private, no-store" if viewer else "no-cache", "Vary": "Accept-Language, Cookie"}
    return Response(
        html, status_code=status, media_type="text/html; charset=utf-8", cookies=cookies, headers=headers
    )  # fmt: skip


async def form_of(request: AnyRequest) -> dict[str, str]:
    """The fields of a form, without NUL and surrounding white space; files are left out."""
    form = await request.form()
    return {str(name): value.replace("\x00", "").strip() for name, value in form.items() if isinstance(value, str)}


def errors_of(request: AnyRequest, refusal: Refusal) -> list[dict[str, str]]:
    """A refusal as the form's error summary, in the reader's language."""
    speech = request.app.state.renderer.words.speech(language_of(request))
    field = (refusal.field or "").strip("/").replace("/", "-")
    text = str(speech.refusal(refusal.code, refusal.sentence, **{k: plain(v) for k, v in refusal.facts.items()}))
    if refusal.code in GENERAL:
        text = refusal.sentence if speech.lang == FALLBACK else f"{text} ({refusal.sentence})"
    return [{"field": field, "text": text}]


def refused_page(request: AnyRequest, refusal: Refusal) -> Response[str]:
    """A refusal as a page of its own, for a reader who asked for one."""
    return show(
        request, "problem.html", status=refusal.status, refusal=refusal, errors=errors_of(request, refusal)
    )  # fmt: skip
