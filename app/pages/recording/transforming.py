"""Transforming: lots of the stock become other lots, residues and losses; the yield is told before it is recorded."""

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency as Given
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.forms.checking import Act, filled
from app.pages.forms.choices import facilities, forms, materials
from app.pages.forms.custody import models, schemes_offered, stated_claims, stated_model, stated_scheme, told_custody
from app.pages.forms.filling import Filled
from app.pages.passports import name_of
from app.pages.recording.acting import at_of, day_at, lateness, new_lot, place_of, recorded, today_of
from app.pages.recording.picking import drawn_of, picks, ticked
from app.pages.rendering import AnyRequest, show
from app.pictures import yield_band
from foundation.access import Actor, May
from foundation.registry import Facility
from foundation.registry import facilities as facilities_of
from foundation.settings import Settings, public_base
from standards.catalogue import Catalogue
from standards.plausibility import PPM, Band, yield_finding
from traceability.capture import Door
from traceability.composing import Composed, Making, transformed
from traceability.controls import STEP
from traceability.holdings import Holding, holdings
from traceability.ledger.interpretation import RECYCLING, REPROCESSING, SORTING

HERE: Final = "/record/transformation"
PROCESSES: Final = {
    "sorting": SORTING, "reprocessing": REPROCESSING, "recycling": RECYCLING, "compounding": STEP + "compounding",
}  # fmt: skip
SINKS: Final = ("residue:process", "residue:sorting", "loss:process", "loss:moisture", "energy", "landfill")
MOST_OUTPUTS: Final = 8


@dataclass(frozen=True)
class Setting:
    """What the form chooses from: the organisation's own lots and facilities, and the words of the taxonomy."""

    actor: Actor
    catalogue: Catalogue
    door: Door
    lots: list[Holding]
    places: list[Facility]


def field_of(account: str) -> str:
    """The form's field for a sink: 'residue:process' -> 'sink_residue_process'."""
    return "sink_" + account.replace(":", "_")


async def _setting(session: AsyncSession, actor: Actor, catalogue: Catalogue, door: Door) -> Setting:
    held = [each for each in await holdings(session, actor.organisation_id) if each.free]
    return Setting(actor, catalogue, door, held, await facilities_of(session, actor.organisation_id))


def _form(form: Filled, setting: Setting, status: int = 200) -> Response[str]:
    t = form.t
    lots = picks(form, setting.lots)
    choices = {
        "materials": materials(t, setting.catalogue), "forms": forms(t, setting.catalogue),
        "places": facilities(setting.places), "sinks": [(field_of(each), _account(form, each)) for each in SINKS],
        "processes": [(each, t(f"record.process.{each}")) for each in PROCESSES],
        "models": models(t), "schemes": schemes_offered(t, setting.door.sequencer.controls.schemes),
    }  # fmt: skip
    return show(
        form.request, "recycler/transforming.html", status=status, form=form.values, choices=choices, lots=lots,
        outputs=_outputs(form), more=len(setting.lots) - len(lots), errors=form.errors,
    )  # fmt: skip


def _account(form: Filled, account: str) -> str:
    return form.t.name("account", account.replace(":", "_"))


def _outputs(form: Filled) -> int:
    """How many outputs the form shows: one more when asked for."""
    typed = form.get("outputs")
    shown = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 else 1
    return max(1, min(shown + (form.step == "more"), MOST_OUTPUTS))


def _made(form: Filled, setting: Setting, base: str) -> tuple[list[Making], dict[str, str]]:
    """The outputs that are stated, and their tokens as hidden fields."""
    t, made, carried = form.t, [], {}
    for at in range(_outputs(form)):
        if at and not any(form.get(f"out{at}_{name}") for name in ("grams", "material", "form")):
            continue
        lot = new_lot(form, f"out{at}_token", base)
        carried[f"out{at}_token"] = lot.rpartition("/")[2]
        material = form.choice(f"out{at}_material", t("common.material"), dict(materials(t, setting.catalogue)))
        kind = form.choice(f"out{at}_form", t("common.form"), dict(forms(t, setting.catalogue)))
        custody, credited = stated_model(form, f"out{at}_custody"), stated_claims(form, f"out{at}_")
        grams = form.grams(f"out{at}_grams", t("common.mass"))
        made.append(Making(lot, grams, material, kind, custody=custody, credited=credited))
    return made, carried


def _act(form: Filled, setting: Setting, base: str) -> tuple[Act, Composed]:
    """What the form states, with everything that is wrong said on it."""
    t, place = form.t, place_of(form, setting.places)
    at = at_of(form, place, setting.door.clock())
    process = form.choice("process", t("record.process"), PROCESSES)
    drawn = drawn_of(form, setting.lots)
    made, carried = _made(form, setting, base)
    sinks = {each: form.grams(field_of(each), _account(form, each), needed=False) for each in SINKS}
    sinks = {account: grams for account, grams in sinks.items() if grams}
    total, out, lost = sum(drawn.values()), sum(each.grams for each in made), sum(sinks.values())
    if (
        drawn
        and not form.errors
        and out + lost - total > setting.door.sequencer.controls.surplus(total, setting.door.clock().date())
    ):
        form.say("out0_grams", t("record.more_than_input", out=t.mass(out + lost), input=t.mass(total)))
    facts: list[tuple[str, str]] = [
        (t("record.process"), t(f"record.process.{process}") if process else ""),
        (t("common.facility"), place.name),
        (t("common.date"), day_at(form, at)),
        (t("common.input"), t.mass(total)),
    ]
    facts += [(t("common.output"), f"{name_of(t, each.material, each.form)}: {t.mass(each.grams)}") for each in made]
    known = setting.door.sequencer.controls.schemes
    scheme = stated_scheme(form, known)
    facts += told_custody(t, made, scheme, known)
    facts += [(_account(form, account), t.mass(grams)) for account, grams in sinks.items()]
    facts.append((t("account.loss_unstated"), t.mass(max(total - out - lost, 0))))
    warnings, picture = _yield(form, setting, process, (total, out, sum(_residues(sinks))), made)
    event = transformed(at, PROCESSES.get(process, ""), drawn, made, sinks, scheme)
    act = Act(
        root=(t("nav.record"), "/record"), title=t("record.transformation.title"), facts=facts, picture=picture,
        carried=carried, button=t("record.transformation.act", input=t.mass(total), output=t.mass(out)),
        warnings=[*lateness(form, setting.door, at, backfill=False), *warnings],
    )  # fmt: skip
    return act, event


def _residues(sinks: dict[str, int]) -> list[int]:
    return [grams for account, grams in sinks.items() if account.startswith("residue")]


def _yield(
    form: Filled, setting: Setting, process: str, grams: tuple[int, int, int], made: list[Making]
) -> tuple[list[str], Markup | None]:
    """What the controls will say of the yield (C02), and its picture against the usual range."""
    t, (drawn, out, residue) = form.t, grams
    limits, day = setting.door.sequencer.controls.limits, setting.door.clock().date()
    band = limits.band(process, made[0].material if made else "", day)
    if form.errors or band is None or not drawn or not made:
        return [], None
    found = yield_finding(limits, process, made[0].material, grams, day)
    share = Decimal(out + residue if band.counts_residue else out) / drawn
    warnings: list[str] = []
    if found is not None:
        warnings.append(t("record.yield_hold" if found.response == "HOLD" else "record.yield_flag"))
    return warnings, _picture(form, share, band)


def _picture(form: Filled, share: Decimal, band: Band) -> Markup:
    t = form.t
    low, high, least, most = (
        Decimal(each) / PPM for each in (band.flag_below, band.flag_above, band.hold_below, band.hold_above)
    )
    inside = t("picture.inside" if low <= share <= high else "picture.outside")
    told = f"{t.percent(share)}: {inside}. {t('picture.usual_range', low=t.percent(low, 0), high=t.percent(high, 0))}"
    drawn = yield_band(share, low, high, title=t("common.yield"), description=told, lang=t.lang, hard=(least, most))
    return Markup('<figure><figcaption><h3>{}</h3></figcaption>{}<p class="soft">{}</p></figure>').format(
        t("common.yield"), drawn, told
    )


@get(HERE, opt={"access": May("capture")}, include_in_schema=False)
async def transformation_page(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    door: Given[Door],
) -> Response[str]:  # fmt: skip
    """The form, with a lot ticked where the address names one."""
    setting = await _setting(transaction, actor, catalogue, door)
    kept = {"day": today_of(setting.places, door.clock()).isoformat()}
    kept |= ticked(setting.lots, request.query_params.get("lot", ""), speech_of(request).lang)
    return _form(Filled(request, speech_of(request), kept), setting)


@post(HERE, opt={"access": May("capture")}, include_in_schema=False)
async def transformation_form(
    request: AnyRequest, transaction: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    door: Given[Door], settings: Given[Settings],
) -> Response[Any]:  # fmt: skip
    """One more output; or check it with its yield; or record it."""
    form, setting = await filled(request), await _setting(transaction, actor, catalogue, door)
    if form.step == "more":
        return _form(form, setting)
    act, event = _act(form, setting, public_base(settings))
    return await recorded(door, actor, form, act, [event], partial(_form, form, setting), HERE)


ROUTES: Final = [transformation_page, transformation_form]
