"""The side door: requests for tests only, which inspect and change the org."""

from __future__ import annotations

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from salesforce_emulator.call import json_answer
from salesforce_emulator.components import picklist_values
from salesforce_emulator.conversion import convert_by_hand
from salesforce_emulator.faults import FaultRuleError
from salesforce_emulator.org.reading import OrgError
from salesforce_emulator.world import World

PREFIX = "/__emulator__"


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


def _problem(error: Exception) -> Response:
    # The text of a KeyError has quotes around its message.
    return json_answer({"problem": str(error.args[0] if isinstance(error, KeyError) else error)}, 400)


async def records(request: Request) -> Response:
    """GET /records/OBJECT: every record with every field, including deleted records."""
    try:
        found = await run_in_threadpool(_world(request).records, request.path_params["object"])
    except KeyError as error:
        return _problem(error)
    return await run_in_threadpool(json_answer, {"records": found})


async def by_hand(request: Request) -> Response:
    """POST, PATCH and DELETE /records/OBJECT: write as a user would. The body is `{"records": [...]}`."""
    operation: Any = {"POST": "insert", "PATCH": "update", "DELETE": "delete"}[request.method]
    body = json.loads(await request.body())
    try:
        results = _world(request).by_hand(operation, request.path_params["object"], body["records"])
    except (KeyError, TypeError) as error:
        return _problem(error)
    errors = [fault.in_collection() for result in results for fault in result.faults]
    return json_answer({"ids": [result.record_id for result in results], "errors": errors}, 400 if errors else 200)


async def convert(request: Request) -> Response:
    """POST /convert: convert `{"leads": [...]}`, each named by its id or by the value of a key field."""
    leads = json.loads(await request.body())["leads"]
    try:
        done = await run_in_threadpool(convert_by_hand, _world(request), leads)
    except ValueError as error:
        return _problem(error)
    shown = [{"lead": one.lead_id, "account": one.account_id, "contact": one.contact_id} for one in done]
    return json_answer({"converted": shown})


async def events(request: Request) -> Response:
    """GET /events/NAME: the published events in order, and their counts by key."""
    try:
        return json_answer(_world(request).events(request.path_params["name"]))
    except KeyError as error:
        return _problem(error)


async def picklist(request: Request) -> Response:
    """GET /picklists/OBJECT.FIELD: every value in order, including values that no API shows."""
    try:
        return json_answer({"values": picklist_values(_world(request).org, request.path_params["path"])})
    except KeyError as error:
        return _problem(error)


async def stats(request: Request) -> Response:
    """GET /stats."""
    return json_answer(_world(request).stats())


async def faults(request: Request) -> Response:
    """POST /faults: replace the active fault rules."""
    try:
        _world(request).faults.replace(json.loads(await request.body()))
    except (FaultRuleError, ValueError, TypeError) as error:
        return _problem(error)
    return Response(status_code=204)


async def clock(request: Request) -> Response:
    """POST /clock: move the clock forward by `{"advance": seconds}`."""
    _world(request).advance(float(json.loads(await request.body())["advance"]))
    return Response(status_code=204)


async def use(request: Request) -> Response:
    """POST /use: use up units of allocations as if by other clients: `{"DailyApiRequests": 50}`."""
    try:
        for name, count in json.loads(await request.body()).items():
            _world(request).allocations.use(name, int(count))
    except (KeyError, ValueError, AttributeError) as error:
        return _problem(error)
    return Response(status_code=204)


async def expire(request: Request) -> Response:
    """POST /expire: end sessions: `{"access": true, "refresh": false}`."""
    _world(request).expire(**json.loads(await request.body() or "{}"))
    return Response(status_code=204)


async def move(request: Request) -> Response:
    """POST /move: give the instance another host name."""
    try:
        return json_answer({"instance_url": _world(request).hosts.move()})
    except ValueError as error:
        return _problem(error)


async def org(request: Request) -> Response:
    """POST /org: apply a change to the org while it runs."""
    try:
        change = json.loads(await request.body())
        await run_in_threadpool(_world(request).change, change if isinstance(change, dict) else {})
    except (OrgError, ValueError) as error:
        return _problem(error)
    return Response(status_code=204)


async def reset(request: Request) -> Response:
    """POST /reset: restore the state of the org file."""
    await run_in_threadpool(_world(request).reset)
    return Response(status_code=204)


ROUTES = [
    Route(f"{PREFIX}/records/{{object}}", records),
    Route(f"{PREFIX}/records/{{object}}", by_hand, methods=["POST", "PATCH", "DELETE"]),
    Route(f"{PREFIX}/events/{{name}}", events),
    Route(f"{PREFIX}/picklists/{{path}}", picklist),
    Route(f"{PREFIX}/convert", convert, methods=["POST"]),
    Route(f"{PREFIX}/stats", stats),
    Route(f"{PREFIX}/faults", faults, methods=["POST"]),
    Route(f"{PREFIX}/clock", clock, methods=["POST"]),
    Route(f"{PREFIX}/use", use, methods=["POST"]),
    Route(f"{PREFIX}/expire", expire, methods=["POST"]),
    Route(f"{PREFIX}/move", move, methods=["POST"]),
    Route(f"{PREFIX}/org", org, methods=["POST"]),
    Route(f"{PREFIX}/reset", reset, methods=["POST"]),
]
