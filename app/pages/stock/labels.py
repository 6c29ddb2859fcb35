"""Labels: sheets of QR codes for the bags or bales of a lot, printed at their true size."""

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from app.formats import mass_input
from app.pages.asking import speech_of
from app.pages.forms.filling import Filled
from app.pages.passports import name_of
from app.pages.rendering import AnyRequest, show
from app.pages.stock.held import lot_page
from app.pages.stock.lot import own_lot
from foundation.access import SIGNED_IN, Actor
from foundation.settings import Settings, public_base
from traceability.identifiers import human_code
from traceability.labels import LabelSpec, is_loopback, label, sheet
from traceability.resolver import address

MOST: Final = 200
A_SHEET: Final = 8


def count_of(form: Filled) -> int:
    """How many labels: 1 to 200."""
    typed = form.get("count", str(A_SHEET))
    if typed.isascii() and typed.isdigit() and 1 <= int(typed[:6]) <= MOST:
        return int(typed)
    form.say("count", form.t("labels.count_wrong", most=str(MOST)))
    return 0


@get("/labels", opt={"access": SIGNED_IN}, include_in_schema=False)
async def labels_page(
    request: AnyRequest, transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor],
    settings: Given[Settings], lot: FromQuery[str],
) -> Response[str]:  # fmt: skip
    """So many labels of so many kilograms each, ready to print; says where a phone could not open the code."""
    t = speech_of(request)
    found = await own_lot(transaction, record, actor, lot)
    free = found.held.free + found.held.reserved if found.held else 0
    defaults = {"count": str(A_SHEET), "grams": "", "grams_unit": "kg"}
    form = Filled(request, t, {**defaults, **{name: request.query_params.get(name, value).strip() for name, value in
                                              defaults.items()}})  # fmt: skip
    count, grams = count_of(form), form.grams("grams", t("labels.each"), needed=False)
    token = found.row.token
    url = address(public_base(settings), found.row.uri, token)
    lines: tuple[Any, ...] = (
        name_of(t, found.row.material, found.row.form), t.mass(grams) if grams else "", t.day(found.row.created_day),
        actor.organisation_name,
    )  # fmt: skip
    code = human_code(token) if token else found.row.uri[-12:]
    specs = [] if form.errors else _specs(url, code, [str(line) for line in lines if line], count)
    return show(
        request, "recycler/labels.html", status=400 if form.errors else 200, errors=form.errors, form=form.values,
        sheet=Markup(sheet(specs)),  # noqa: S704 - drawn by us, every text in it escaped
        loopback=is_loopback(url), url=url, lot=lot, code=code, back=lot_page(lot), pages=-(-len(specs) // A_SHEET),
        name=lines[0], whole=t.mass(free) if free else "", typed=mass_input(free, "kg", t.lang),
    )  # fmt: skip


def _specs(url: str, code: str, lines: list[str], count: int) -> list[LabelSpec]:
    return [label(url, code, [*lines, f"{each} / {count}"]) for each in range(1, count + 1)]


ROUTES: Final = [labels_page]
