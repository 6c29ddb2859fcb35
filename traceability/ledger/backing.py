"""Backing: a custody model is no stronger than what a lot was made of, or what it is itself, bears out."""

from collections.abc import Sequence

from standards.custody import PHYSICAL, CustodyModel, LotModel, Source, allows_mixing, strongest
from traceability.ledger.lots import Lot
from traceability.refusals import CustodyOverstated


def must_be_backed(model: LotModel, sources: Sequence[Lot], lot: str) -> None:
    """What is physically in a lot is as its inputs allow. Raises CustodyOverstated."""
    for each in sources:
        must_hold(model, each.origins.kinds, lot)
    known = [_source(each) for each in sources]
    most = strongest(known)
    if most is not None and most in PHYSICAL and most.rank <= model.model.rank:
        return
    stated = [source for source in known if source is not None]
    reason = allows_mixing(model.model, stated).reason if stated else None
    raise overstated(model, most, reason or "NOT_STATED", lot)


def overstated(model: LotModel, most: CustodyModel | LotModel | None, reason: str, lot: str) -> CustodyOverstated:
    """The refusal of a model that is stronger than what bears it; `most` the strongest that would be right."""
    fix = f"State {most} or a weaker model." if most is not None else "Leave the custody model out."
    return CustodyOverstated(
        f"{model} is stronger than what is known of it bears out.", field="custody", value=str(model), lot=lot,
        reason=reason, strongest=str(most) if most is not None else "none", fix=fix,
    )  # fmt: skip


def must_hold(model: LotModel, kinds: frozenset[str], lot: str) -> None:
    """Segregated is what is of one kind; the unknown denies none. Raises CustodyOverstated."""
    if model is LotModel.SEGREGATED and len(kinds - {"unknown"}) > 1:
        raise overstated(model, CustodyModel.CONTROLLED_BLENDING, "CLAIMS_DIFFER", lot)


def _source(lot: Lot) -> Source | None:
    if lot.custody is None:
        return None
    return Source(lot.source or lot.uri, "", lot.custody.model, lot.origins.kinds)
