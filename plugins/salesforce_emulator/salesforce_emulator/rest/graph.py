"""`/composite/graph`: several transactions in one call. REST API Developer Guide, "Composite Graph"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from salesforce_emulator.call import Call
from salesforce_emulator.errors import ApiError
from salesforce_emulator.rest.composite import check_names, make_halted, run_together
from salesforce_emulator.rest.dispatch import Entry

_MOST_NODES = 500
_MOST_GRAPHS = 75
_MOST_FAILED = 14
_ROLLED_BACK = "We rolled back the transaction since another operation in the same transaction failed."


def run(call: Call, entries: Sequence[Entry]) -> Response:
    """POST /composite/graph: each graph is one transaction."""
    graphs = _graphs(call.json())
    answers: list[dict[str, Any]] = []
    failed = 0
    for graph in graphs:
        asked = graph["compositeRequest"]
        goes_on = failed <= _MOST_FAILED
        done = run_together(call, entries, asked, _ROLLED_BACK) if goes_on else make_halted(asked, _ROLLED_BACK)
        successful = all(one["httpStatusCode"] < 400 for one in done)
        failed += not successful
        answers.append(
            {
                "graphId": graph["graphId"],
                "graphResponse": {"compositeResponse": done},
                "isSuccessful": successful,
            }
        )
    return call.answer({"graphs": answers})


def _graphs(body: Any) -> list[dict[str, Any]]:
    graphs = body.get("graphs") if isinstance(body, dict) else None
    if not isinstance(graphs, list) or not all(_is_graph(graph) for graph in graphs):
        raise ApiError(400, "JSON_PARSER_ERROR", "The body must hold graphs, each with graphId and compositeRequest")
    if len(graphs) > _MOST_GRAPHS:
        raise ApiError(400, "LIMIT_EXCEEDED", f"A request may hold at most {_MOST_GRAPHS} graphs")
    if sum(len(graph["compositeRequest"]) for graph in graphs) > _MOST_NODES:
        raise ApiError(400, "LIMIT_EXCEEDED", f"A request may hold at most {_MOST_NODES} nodes in all its graphs")
    if len({graph["graphId"] for graph in graphs}) < len(graphs):
        raise ApiError(400, "INVALID_INPUT", "Every graphId must be unique")
    for graph in graphs:
        check_names(graph["compositeRequest"])
    return graphs


def _is_graph(graph: Any) -> bool:
    return (
        isinstance(graph, dict)
        and isinstance(graph.get("graphId"), str)
        and isinstance(graph.get("compositeRequest"), list)
        and all(isinstance(one, dict) for one in graph["compositeRequest"])
    )
