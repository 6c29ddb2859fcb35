"""A witness for other logs: it cosigns only what extends the checkpoint that it cosigned before (C2SP tlog-witness)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Conflict, Forbidden, Invalid, Malformed, NotFound
from foundation.keys import SigningKey
from traceability.tree.checkpoint import BadNote, Checkpoint, Verifier, open_checkpoint, parse_checkpoint, split_note
from traceability.tree.cosignature import Witness, cosign
from traceability.tree.merkle import verify_consistency
from traceability.tree.submission import Submission, parse_submission
from traceability.witness.tables import ForkRow, WitnessedRow


@dataclass(frozen=True, slots=True)
class Watch:
    """Who we are as a witness, and whose logs we watch: origin -> the keys that sign it."""

    name: str
    key: SigningKey
    logs: Mapping[str, tuple[Verifier, ...]]

    @property
    def witness(self) -> Witness:
        return Witness(self.name, self.key.public)


class BadSubmission(Invalid):
    """This is no submission to a witness, or its old size is above the checkpoint's."""

    code = "WITNESS_SUBMISSION"


class UnknownLog(NotFound):
    """We do not witness this log."""

    code = "WITNESS_UNKNOWN_LOG"


class NotSigned(Forbidden):
    """None of the log's known keys signed the checkpoint."""

    code = "WITNESS_NOT_SIGNED"


class Cosigned(str):
    """Our signature line under the checkpoint: it is kept, and answered with."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """409: the log stands at another size here; the sender proves from that one."""

    size: int


class Forked(Conflict):
    """The log signed two checkpoints of one size with different roots: both are kept as evidence."""

    code = "WITNESS_FORK"


class NotConsistent(Malformed):
    """The proof does not lead from the checkpoint that we cosigned to this one."""

    code = "WITNESS_NOT_CONSISTENT"


Answer = Cosigned | Elsewhere | Forked


async def add_checkpoint(session: AsyncSession, watch: Watch, body: bytes, moment: datetime) -> Answer:
    """Cosign a checkpoint that extends the one cosigned before; at most one history of a log is ever cosigned.

    A fork is answered, not raised, because its evidence must be committed.
    Raises BadSubmission, UnknownLog, NotSigned or NotConsistent.
    """
    submission = _read(body)
    stated = _opened(watch, submission)
    if submission.old > stated.size:
        raise BadSubmission("The old size is above the checkpoint's.", field="old", value=submission.old)
    kept = await session.get(WitnessedRow, stated.origin)
    size, root = (kept.size, kept.root) if kept is not None else (0, b"")
    if submission.old != size:
        return Elsewhere(size)
    if kept is not None and stated.size == size and stated.root != root:
        await _keep(session, kept, submission.note, moment)
        return Forked("At this size another root was cosigned.", field="checkpoint", value=stated.size)
    if not _follows(submission, stated, size, root):
        raise NotConsistent("The proof does not lead from the checkpoint cosigned before to this one.", field="proof")
    if not await _advance(session, stated, submission.note, root, size, moment):
        return Elsewhere(await _size(session, stated.origin))
    text, _ = split_note(submission.note)
    return Cosigned(cosign(text, watch.key, watch.name, moment))


def _follows(submission: Submission, stated: Checkpoint, size: int, root: bytes) -> bool:
    """From size 0 there is nothing to prove, and nothing may be sent."""
    if size == 0:
        return not submission.hashes
    return verify_consistency(size, stated.size, root, stated.root, submission.hashes)


def _read(body: bytes) -> Submission:
    try:
        return parse_submission(body)
    except BadNote as bad:
        raise BadSubmission(f"This is no submission: {bad}.", field="body") from bad


def _opened(watch: Watch, submission: Submission) -> Checkpoint:
    """The checkpoint, signed by a key of a log that we watch."""
    try:
        origin = parse_checkpoint(split_note(submission.note)[0]).origin
    except BadNote as bad:
        raise BadSubmission(f"This is no checkpoint: {bad}.", field="checkpoint") from bad
    known = watch.logs.get(origin)
    if known is None:
        raise UnknownLog("We do not witness this log.", field="origin", value=origin)
    try:
        return open_checkpoint(submission.note, known)
    except BadNote as bad:
        raise NotSigned(f"The checkpoint is not signed by its log: {bad}.", field="checkpoint") from bad


async def _advance(
    session: AsyncSession, stated: Checkpoint, note: str, root: bytes, size: int, moment: datetime
) -> bool:
    """Keep the new checkpoint where the one that the proof began at is still the newest: one statement, no race."""
    values = {"size": stated.size, "root": stated.root, "note": note, "seen_at": moment}
    adding = insert(WitnessedRow).values(origin=stated.origin, **values)
    advanced = await session.execute(
        adding.on_conflict_do_update(
            index_elements=[WitnessedRow.origin],
            set_=values,
            where=(WitnessedRow.size == size) & (WitnessedRow.root == root),
        ).returning(WitnessedRow.size)
    )
    return advanced.scalar_one_or_none() is not None


async def _size(session: AsyncSession, origin: str) -> int:
    found = await session.scalar(select(WitnessedRow.size).where(WitnessedRow.origin == origin))
    return found or 0


async def _keep(session: AsyncSession, kept: WitnessedRow, note: str, moment: datetime) -> None:
    row = {"origin": kept.origin, "note": note, "kept_note": kept.note, "refused_at": moment}
    await session.execute(insert(ForkRow).values(**row).on_conflict_do_nothing())


def watch_of(name: str, key: SigningKey, logs: tuple[Verifier, ...]) -> Watch:
    """A witness of these logs; several keys may sign one log."""
    return Watch(name, key, {each.name: tuple(v for v in logs if v.name == each.name) for each in logs})
