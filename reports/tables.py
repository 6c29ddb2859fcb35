"""The reports' own tables: what producers declared, and the dossiers as they were issued."""

from datetime import datetime
from typing import Any

from sqlalchemy import Identity
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base


class DeclarationRow(Base):
    """What a producer placed on the market; `supersedes` names the statement that it corrects."""

    __tablename__ = "declaration"
    fact_index: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int]
    country: Mapped[str]
    year: Mapped[int]
    material: Mapped[str]
    category: Mapped[str]
    grams: Mapped[int]
    supersedes: Mapped[int | None]
    declared_at: Mapped[datetime]


class DossierRow(Base):
    """A report as it was issued: `body` with its digest, and the three things that it is a function of."""

    __tablename__ = "dossier"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organisation_id: Mapped[int]
    country: Mapped[str]
    year: Mapped[int]
    checkpoint_size: Mapped[int]
    rules: Mapped[str]
    code: Mapped[str]
    digest: Mapped[str]
    body: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
