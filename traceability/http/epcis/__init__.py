"""EPCIS over HTTP: the REST bindings of EPCIS 2.0, under /epcis."""

from typing import Final

from litestar import Router

from traceability.http.epcis import capturing, discovery, events, queries
from traceability.http.epcis.capturing import told

__all__ = ["ROUTES", "told"]

ROUTES: Final = [
    Router(
        "/epcis",
        guards=[discovery.negotiated],
        # OPTIONS first: where a path has none yet, the framework puts its own.
        route_handlers=[discovery.discover, *capturing.ROUTES, *events.ROUTES, *queries.ROUTES],
    )
]
