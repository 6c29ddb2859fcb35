"""register: an organisation with its facility, its first person and a key, entered by the operator."""

import asyncio
import secrets

import click

from app.commands.output import json_option, say
from app.process import running
from foundation.access import issue_key, register_person
from foundation.database import Scope
from foundation.registry import register_facility, register_organisation
from foundation.settings import public_base, read_settings
from traceability.identifiers import lot_uri, new_token

ROLES = ("read", "capture", "trade", "claim", "declare", "admin")


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
                await register_person(
                    session, organisation_id=firm.id, email=email, name=person, password=password, roles=ROLES,
                    moment=moment,
                )  # fmt: skip
                key = await issue_key(
                    session, organisation_id=firm.id, name="first", roles=ROLES, moment=moment
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
