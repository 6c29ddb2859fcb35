"""The command line `junkan`: exit 0 ok, 1 findings, 2 usage, 3 unavailable."""

import click

from app.commands.archive import archive
from app.commands.controls import controls
from app.commands.crossing import crossing
from app.commands.joining import person, register
from app.commands.judging import judge
from app.commands.keys import keys_command
from app.commands.laws import laws
from app.commands.material import import_command, labels
from app.commands.output import UNAVAILABLE, USAGE
from app.commands.owing import owe
from app.commands.report import report
from app.commands.rulebook import standards
from app.commands.serving import demo, doctor, migrate_command, serve, stop_command
from app.commands.verify import export_command, verify
from foundation.errors import Refusal, Unavailable


class _Junkan(click.Group):
    """A refusal is a sentence on standard error, never a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except Refusal as refusal:
            click.echo(f"{refusal.sentence}{f' {refusal.fix}' if refusal.fix else ''}", err=True)
            raise SystemExit(UNAVAILABLE if isinstance(refusal, Unavailable) else USAGE) from refusal


@click.group(cls=_Junkan, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="junkan")
def main() -> None:
    """Junkan: recycled material traded, followed and accounted for across borders."""


COMMANDS = (
    demo, serve, migrate_command, import_command, report, labels, export_command, verify, judge, standards,
    stop_command, doctor, register, person, keys_command, crossing, laws, owe, controls, archive,
)  # fmt: skip
for command in COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main()
