"""Telling: a gate, a missing fact and a paper in the reader's words; codes that have no word are shown as they are."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from app.words import Speech
from standards.borders import Answer, Gate, Outcome

TONES: Final[Mapping[Outcome, str]] = {
    Outcome.ALLOWED: "good", Outcome.FORBIDDEN: "bad", Outcome.NEEDS_CONSENT: "warn", Outcome.NEEDS_DATA: "warn",
    Outcome.NOTED: "info", Outcome.YES: "good", Outcome.NO: "off",
}  # fmt: skip
# What a sentence may ask for; a gate gives those that it has.
_TOLD: Final = (
    "state", "other", "states", "standard", "limit", "percent", "entry", "since", "codes", "edition", "paper", "rvc",
    "proofs",
)  # fmt: skip


def titles(t: Speech, answer: Answer) -> Mapping[str, str]:
    """What every gate of an answer is called, by its code."""
    return {gate.code: gate_title(t, gate) for gate in answer.gates}


def gate_title(t: Speech, gate: Gate) -> str:
    """What a gate is called: its rule's own name, or the question that it asks, with the state where it asks of one."""
    kind, _, subject = gate.code.partition(":")
    own = _own(t, gate)
    if kind == "rule":
        return own or gate.code
    title = t.name("crossing_gate", kind)
    about = t.country(subject) if kind == "status" else own
    return f"{title}: {about}" if about else title


def says(t: Speech, gate: Gate) -> str:
    """Why a gate says what it says."""
    kind = gate.code.partition(":")[0].replace("national_import", "rule")
    facts = {name: _fact(t, name, gate.facts.get(name, "")) for name in _TOLD}
    facts["standard"] = _own(t, gate) or facts["standard"]
    return t(f"crossing_why.{kind}_{gate.reason}", **facts)


def _own(t: Speech, gate: Gate) -> str:
    """The name of the rule behind a gate, in the reader's language, else in English."""
    return str(gate.names.get(t.lang) or gate.names.get("en", ""))


def _fact(t: Speech, name: str, value: str) -> str:
    codes = [code for code in value.split(", ") if code]
    if not codes:
        return t("common.none")
    match name:
        case "state" | "other" | "states":
            return ", ".join(t.country(code) for code in codes)
        case "paper" | "proofs":
            return ", ".join(t.name("crossing_paper", code) for code in codes)
        case "since":
            return t.day(date.fromisoformat(value))
        case "limit" | "percent" | "rvc":
            return t.number(Decimal(value))
        case _:
            return value


def want(t: Speech, code: str, gates: Mapping[str, str]) -> str:
    """What is missing, in words: a fact, a state's consent, a permit, a confirmation of a gate, a membership."""
    kind, _, subject = code.partition(":")
    match kind:
        case "consents" | "end_of_waste":
            return t(f"crossing.want_{kind}", state=t.country(subject))
        case "permits":
            return t("crossing.want_permit", paper=t.name("crossing_paper", subject))
        case "confirmed":
            return t("crossing.want_confirmed", gate=gates.get(subject, subject))
        case "membership":
            body, _, state = subject.partition(":")
            return t("crossing.want_membership", body=body.upper(), state=t.country(state))
        case _:
            return t.name("crossing_fact", code)
