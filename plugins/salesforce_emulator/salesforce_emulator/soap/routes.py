"""The paths of the partner API and the Metadata API."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salesforce_emulator.soap import converting, describing, login, merging, metadata, queries, rows
from salesforce_emulator.soap.endpoint import Operation, serve

_OPERATIONS: dict[str, Operation] = {
    "create": rows.create,
    "update": rows.update,
    "upsert": rows.upsert,
    "delete": rows.delete,
    "undelete": rows.undelete,
    "emptyRecycleBin": rows.empty_recycle_bin,
    "retrieve": rows.retrieve,
    "query": queries.query,
    "queryAll": queries.query,
    "queryMore": queries.query_more,
    "merge": merging.merge_records,
    "convertLead": converting.convert_leads,
    "describeGlobal": describing.describe_all,
    "describeSObject": describing.describe_objects,
    "describeSObjects": describing.describe_objects,
    "getServerTimestamp": describing.server_timestamp,
    "getUserInfo": login.user_info,
    "logout": login.log_out,
}


async def partner(request: Request) -> Response:
    """POST /services/Soap/u/VERSION, with or without the org's id after it."""
    return await serve(request, _OPERATIONS, login.log_in)


ROUTES = [
    Route("/services/Soap/u/{version}", partner, methods=["POST"]),
    Route("/services/Soap/u/{version}/{org}", partner, methods=["POST"]),
    *metadata.ROUTES,
]
