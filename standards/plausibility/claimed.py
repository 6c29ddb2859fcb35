"""Claimed: the controls of a claim, which is refused or stands: what counts as evidence comes out of a process."""

from standards.plausibility.facts import Claim
from standards.plausibility.reading import Finding, Thresholds
from standards.plausibility.stated import PPM

EVIDENCE = "epr"
CONTENT = "content"


def claim_finding(limits: Thresholds, claim: Claim) -> Finding | None:
    """C04, C10, C31 and C42 in this order; the first that fails decides."""
    if claim.purpose == EVIDENCE:
        return _backed(limits, claim)
    return _content(limits, claim) if claim.purpose == CONTENT else None


def _backed(limits: Thresholds, claim: Claim) -> Finding | None:
    """C04, C10, C31: where the law says so, evidence comes of recycling, of the country's own waste, by a permitted
    facility."""
    if claim.jurisdiction in limits.words("C04", "recycled_only", claim.recorded) and not claim.made:
        return Finding("C04", "NO_BACKING_INPUT", "REJECT")
    own_only = claim.jurisdiction in limits.words("C10", "domestic_only", claim.recorded)
    if own_only and claim.claimed > claim.domestic:
        return Finding("C10", "ORIGIN_UNBACKED", "REJECT", None, claim.claimed, claim.domestic, "g")
    if claim.jurisdiction in limits.words("C31", "permit_first", claim.recorded) and not claim.permitted:
        return Finding("C31", "PERMIT_MISSING", "REJECT")
    return None


def _content(limits: Thresholds, claim: Claim) -> Finding | None:
    """C42: what is known to be virgin is no recycled content, beyond what a scale may err."""
    slack = claim.lot * limits.at("C42", "tolerance", claim.recorded) // PPM
    recycled = claim.lot - claim.virgin
    if claim.virgin and claim.claimed > recycled + slack:
        return Finding("C42", "CONTENT_MISMATCH", "REJECT", None, claim.claimed, recycled, "g")
    return None
