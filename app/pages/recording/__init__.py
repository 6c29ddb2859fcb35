"""Recording: what came in, what was made of it, what left, and what was wrong; every act is checked, then recorded."""

from typing import Final

from app.pages.recording import arriving, clearing, correcting, counting, history, moving, transforming

ROUTES: Final = [
    *history.ROUTES, *arriving.ROUTES, *transforming.ROUTES, *correcting.ROUTES, *moving.ROUTES,
    *counting.ROUTES, *clearing.ROUTES,
]  # fmt: skip
