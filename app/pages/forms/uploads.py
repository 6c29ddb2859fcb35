"""Uploads: the one file of a form, read no further than it may be large; what is wrong with it is said at its field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from litestar.datastructures import UploadFile

from app.pages.forms.filling import Filled
from app.words import Speech

MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Upload:
    """What kind of file is taken: at most so many MB, of types as a reader knows them, told by their first bytes."""

    megabytes: int
    types: str
    fits: Callable[[bytes], bool]

    @property
    def body(self) -> int:
        """The largest request: a file that is a little too big is still read, so that nothing typed is lost."""
        return (self.megabytes + 2) * MB

    def limit(self, t: Speech) -> str:
        """The largest file in words: '10 MB'."""
        return f"{t.number(self.megabytes)}\u00a0MB"


async def uploaded(form: Filled, name: str, wanted: Upload) -> bytes | None:
    """The file's bytes; None where none was sent, or where it cannot be taken, which is said."""
    upload = (await form.request.form()).get(name)
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    content = await upload.read(wanted.megabytes * MB + 1)
    if not content:
        form.say(name, form.t("errors.file_empty"))
    elif len(content) > wanted.megabytes * MB:
        form.say(name, form.t("errors.file_too_big", limit=wanted.limit(form.t)))
    elif not wanted.fits(content):
        form.say(name, form.t("errors.file_type", types=wanted.types))
    else:
        return content
    return None
