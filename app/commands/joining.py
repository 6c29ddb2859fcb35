"""register, person: an organisation with its first person and key, and its other people, entered by the operator."""

import asyncio
import secrets

import click
from sqlalchemy import select

from app.commands.output import json_option, say
from app.process import running
from foundation.access import PersonRow, issue_key, register_person
from foundation.database import Scope
from foundation.errors import NotFound
from foundation.registry import register_facility, register_organisation
from foundation.settings import public_base, read_settings
from traceability.identifiers import lot_uri, new_token

ROLES = ("read", "capture", "trade", "claim", "declare", "clear", "admin")


@click.command()
@click.option("--name", required=True, help="The organisation's legal name.")
@click.option("--country", required=True, help="Two letters, such as JP.")
@click.option("--role", "roles", multiple=True, required=True, help="recycler, manufacturer, regulator... (repeatable)")
@click.option("--email", required=True, help="Who signs in first.")
@click.option("--person", required=True, help="That person's name.")
@click.option("--site", help="The name of its facility, if it handles material.")
@click.option("--time-zone", default="UTC", show_default=True, help="The facility's, such as Asia/Tokyo.")
@json_option
def register(
    name: str, country: str, roles: tuple[str, ...], email: str, person: str, site: str | None, time_zone: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Register an organisation; its first password and API key are shown this once."""
    settings = read_settings()
    password = secrets.token_urlsafe(12)

    async def run() -> str:
        async with running(settings) as process:
            base, moment = public_base(settings), process.clock()
            async with process.database.begin(None, Scope.AUTHENTICATION) as session:
                firm = await register_organisation(
                    session, uri=lot_uri(base, new_token()), name=name, country=country, roles=roles, moment=moment
                )
                first = await register_person(
                    session, organisation_id=firm.id, email=email, name=person, password=password, roles=ROLES,
                    moment=moment,
                )  # fmt: skip
                key = await issue_key(
                    session, organisation_id=firm.id, name="first", roles=ROLES, moment=moment, issued_by=first.id,
                )  # fmt: skip
            if site:
                async with process.database.begin(firm.id) as session:
                    await register_facility(
                        session, organisation_id=firm.id, uri=lot_uri(base, new_token()), name=site, country=country,
                        time_zone=time_zone, moment=moment,
                    )  # fmt: skip
            return key

    key = asyncio.run(run())
    facts = {"email": email, "password": password, "api_key": key}
    say(f"{name} takes part. Sign in as {email} with {password}\nAPI key: {key}", facts, as_json=as_json)


@click.command()
@click.option("--of", "colleague", required=True, help="The mail address of somebody of the same organisation.")
@click.option("--email", required=True, help="Who signs in.")
@click.option("--name", required=True, help="That person's name.")
@click.option("--role", "roles", multiple=True, required=True, help=f"{', '.join(ROLES)} (repeatable)")
@json_option
def person(colleague: str, email: str, name: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Add a person to an organisation, such as a second one who may clear holds; the password is shown this once."""
    password = secrets.token_urlsafe(12)

    async def run() -> None:
        async with running(read_settings()) as process, process.database.begin(None, Scope.AUTHENTICATION) as session:
            known = select(PersonRow.organisation_id).where(PersonRow.email == colleague.strip().lower())
            number = await session.scalar(known)
            if number is None:
                raise NotFound(f"Nobody signs in as {colleague}.", field="of", value=colleague)
            await register_person(
                session, organisation_id=number, email=email, name=name, password=password, roles=roles,
                moment=process.clock(),
            )  # fmt: skip

    asyncio.run(run())
    say(f"Sign in as {email} with {password}", {"email": email, "password": password}, as_json=as_json)
