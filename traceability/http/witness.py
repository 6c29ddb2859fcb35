"""The witness over HTTP: other logs send their checkpoints here (C2SP tlog-witness)."""

from typing import Any, Final

from litestar import Request, Response, post
from litestar.di import NamedDependency as Given
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import PUBLIC
from foundation.database import Clock
from traceability.tree.submission import LARGEST
from traceability.witness.collecting import SIZE_TYPE
from traceability.witness.serving import Cosigned, Elsewhere, Forked, Watch, add_checkpoint


@post(
    "/witness/add-checkpoint", status_code=200, media_type="text/plain", request_max_body_size=LARGEST,
    opt={"access": PUBLIC},
)  # fmt: skip
async def submit_checkpoint(
    request: Request[Any, Any, Any], transaction: Given[AsyncSession], watch: Given[Watch], clock: Given[Clock]
) -> Response[str]:
    """Cosign a checkpoint of a log that we watch: 200 with our signature line, 409 with the size we stand at."""
    match await add_checkpoint(transaction, watch, await request.body(), clock()):
        case Cosigned() as line:
            return Response(str(line), media_type="text/plain")
        case Elsewhere(size):
            return Response(f"{size}\n", status_code=409, headers={"content-type": SIZE_TYPE})
        case Forked() as fork:
            return Response(f"{fork.sentence}\n", status_code=409, media_type="text/plain")


ROUTES: Final = [submit_checkpoint]
