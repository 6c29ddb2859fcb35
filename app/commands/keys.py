"""keys: what verifies our log and our word as a witness, and a new signing key where the old one is to be retired."""

import click

from app.commands.output import json_option, say
from app.process import keys_of, origin_of, watch
from foundation.errors import Invalid
from foundation.keys import rotate
from foundation.settings import data_home, read_settings
from traceability.tree.checkpoint import format_vkey


@click.command("keys")
@click.option(
    "--rotate", "renew", is_flag=True, help="Make a new signing key; what the old one signed stays verifiable."
)
@json_option
def keys_command(renew: bool, as_json: bool) -> None:
    """Print the log's verifier keys, the active one first, and our witness key. Restart the server after --rotate."""
    settings = read_settings()
    if renew and settings.signing_key:
        raise Invalid(
            "The signing key is JUNKAN_SIGNING_KEY's, so it is not ours to change.", field="JUNKAN_SIGNING_KEY",
            fix="Put a new seed before the comma and the old public key behind it.",
        )  # fmt: skip
    keys = keys_of(settings)
    if renew:
        keys = rotate(data_home(settings))
    origin = origin_of(keys)
    log = [format_vkey(origin, each) for each in keys.public]
    witness = watch(settings, keys).witness.vkey
    say("\n".join([*log, witness]), {"origin": origin, "log": log, "witness": witness}, as_json=as_json)
