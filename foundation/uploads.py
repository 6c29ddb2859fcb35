"""Uploads: a file kept by its digest between the page that checks it and the press that confirms it."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import BYTEA, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base
from foundation.errors import NotFound

KEPT: Final = timedelta(days=1)
MOST: Final = 5  # files of one organisation at a time
LONGEST_NAME: Final = 200


class Upload(Base):
    """A file of an organisation; the database holds that the digest is its own."""

    __tablename__ = "upload"
    organisation_id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    content: Mapped[bytes] = mapped_column(BYTEA)
    name: Mapped[str]
    created_at: Mapped[datetime]


async def keep(session: AsyncSession, organisation_id: int, content: bytes, name: str, moment: datetime) -> str:
    """Keep these bytes for a day; answers their SHA-256 in hex. The oldest beyond `MOST` are let go."""
    digest = hashlib.sha256(content).digest()
    values = {"name": name.replace("\x00", "")[:LONGEST_NAME], "created_at": moment}
    row = insert(Upload).values(organisation_id=organisation_id, digest=digest, content=content, **values)
    await session.execute(row.on_conflict_do_update(index_elements=["organisation_id", "digest"], set_=values))
    own = Upload.organisation_id == organisation_id
    newest = select(Upload.digest).where(own).order_by(Upload.created_at.desc(), Upload.digest).limit(MOST)
    await session.execute(delete(Upload).where(own, (Upload.created_at < moment - KEPT) | Upload.digest.not_in(newest)))
    return digest.hex()


async def kept(session: AsyncSession, organisation_id: int, digest: str, moment: datetime) -> Upload:
    """The file with this digest. Raises NotFound where the organisation sent none such within the day."""
    try:
        wanted = bytes.fromhex(digest)
    except ValueError:
        wanted = b""
    rows = select(Upload).where(Upload.organisation_id == organisation_id, Upload.digest == wanted)
    found = await session.scalar(rows.where(Upload.created_at >= moment - KEPT))
    if found is None:
        raise NotFound("This file is not here any more.", field="file", value=digest[:64], fix="Send it once more.")
    return found
