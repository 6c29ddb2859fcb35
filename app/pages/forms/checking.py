"""Checking: an act is shown with everything that it will do, and done only from that page."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from litestar import Response
from litestar.response import Redirect
from markupsafe import Markup

from app.pages.asking import speech_of
from app.pages.forms.filling import Filled
from app.pages.rendering import AnyRequest, form_of, show
from foundation.errors import Refusal

HIDDEN_NOT: Final = frozenset({"_csrf_token", "step"})

Again = Callable[[int], Response[str]]


@dataclass
class Act:
    """What is about to be done, told as pairs; `root` is the page above it, `carried` goes along in hidden fields."""

    root: tuple[str, str]
    title: str
    facts: Sequence[tuple[str, str]]
    button: str
    note: str = ""
    warnings: Sequence[str] = ()
    carried: Mapping[str, str] = field(default_factory=dict)
    picture: Markup | None = None


async def filled(request: AnyRequest) -> Filled:
    """The form that was sent."""
    return Filled(request, speech_of(request), await form_of(request))


def check_page(form: Filled, act: Act, now: datetime, here: str) -> Response[str]:
    """What will be done, with the form in hidden fields; a second press does the same thing at the same moment."""
    kept = {name: value for name, value in form.values.items() if name not in HIDDEN_NOT}
    hidden = {**kept, **act.carried, "stamp": form.stamp(now).isoformat()}
    return show(form.request, "recycler/check.html", act=act, hidden=hidden, action=here)


async def checked(
    form: Filled, act: Act, now: datetime, again: Again, here: str, do: Callable[[], Awaitable[str]]
) -> Response[Any]:
    """The form again where something is wrong or is to change; the check page; or done, and on to where `do` leads.

    `do` answers an address; what it refuses is said on the form.
    """
    if form.errors:
        return again(400)
    if form.step == "change":
        return again(200)
    if form.step != "commit":
        return check_page(form, act, now, here)
    try:
        onward = await do()
    except Refusal as refusal:
        form.refuse(refusal)
        return again(refusal.status)
    return Redirect(onward, status_code=303)
