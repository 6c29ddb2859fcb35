"""Scanning: what a scan says of a label, in words."""

from markupsafe import Markup, escape

from app.words import Speech
from traceability.passport import Check, Checks, Passport
from traceability.tables import LabelFindingRow


def state_of(t: Speech, passport: Passport) -> tuple[str, str, str]:
    """Tone, state and sentence: verified, not verified, or a problem."""
    checks, found = passport.checks, passport.finding
    match checks.state:
        case "verified":
            return "good", t("scan.verified"), t("scan.verified_text")
        case "problem":
            cloned = _cloned(t, found) if found and checks.label_not_cloned == "no" else ""
            return "bad", t("scan.problem_reported"), cloned or t("scan.revoked_text")
        case "not_verified":
            answers = (checks.signature, checks.in_log, checks.issuer_known)
            text = t("scan.not_verified_text") if "no" in answers else t("scan.pending_text")
            return "warn", t("scan.not_verified"), text


def _cloned(t: Speech, found: LabelFindingRow) -> str:
    """Who found copies of the label, when, and on how many reports."""
    who = t("case.by_authority" if found.authority else "case.by_issuer")
    return t("scan.problem_text", count=t.number(found.reports), who=who, day=t.day(found.found_at.date()))


def compare(t: Speech, code: str | None) -> Markup | None:
    """'Check that the code on the bag reads ...', the code set apart as it stands there."""
    if code is None:
        return None
    before, _, after = t("scan.compare_code", code="\n").partition("\n")
    return escape(before) + Markup('<strong class="tag info mono">{}</strong>').format(code) + escape(after)


def _passed(check: Check) -> bool | None:
    return None if check == "unknown" else check == "yes"


def checks_of(t: Speech, checks: Checks) -> list[tuple[str, bool | None]]:
    """The five questions of a scan, each answered or not yet."""
    return [
        (t("scan.check.signature"), _passed(checks.signature)),
        (t("scan.check.in_log"), _passed(checks.in_log)),
        (t("scan.check.not_revoked"), _passed(checks.not_revoked)),
        (t("scan.check.issuer_known"), _passed(checks.issuer_known)),
        (t("scan.check.not_cloned"), _passed(checks.label_not_cloned)),
    ]
