"""Reading transaction certificates: the body, the seller and the buyer see them, nobody else."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from traceability.certificates.tables import TransactionRow

SHOWN: Final = 200


async def transactions(session: AsyncSession, *where: Any) -> list[TransactionRow]:
    """Transaction certificates, newest first, as far as the reader of this session may see them."""
    rows = select(TransactionRow).where(*where).order_by(TransactionRow.fact_index.desc()).limit(SHOWN)
    return list(await session.scalars(rows))
