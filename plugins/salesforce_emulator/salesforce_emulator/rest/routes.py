"""The paths of the REST API."""

from __future__ import annotations

from functools import partial

from starlette.routing import Route

from salesforce_emulator.rest import (
    collections,
    composite,
    event_schema,
    graph,
    queries,
    replication,
    resources,
    rows,
    search,
    tooling,
    tree,
    ui_picklists,
    ui_records,
)
from salesforce_emulator.rest.dispatch import Entry
from salesforce_emulator.rest.endpoint import Handler, rest, serve_since

_BASE = "/services/data/v{version}"


def _route(path: str, handler: Handler, method: str = "GET") -> Entry:
    return Entry(Route(_BASE + path, rest(handler), methods=[method]), handler)


# Paths that requests inside a composite may use, too.
_ENTRIES = [
    _route("", resources.resources),
    _route("/limits", resources.limits),
    _route("/limits/recordCount", resources.record_count),
    _route("/query", queries.query),
    _route("/queryAll", queries.query),
    _route("/query/{locator}", queries.more),
    _route("/queryAll/{locator}", queries.more),
    _route("/search", search.search),
    _route("/parameterizedSearch", search.search_parameterized),
    _route("/parameterizedSearch", search.search_parameterized, "POST"),
    _route("/tooling/query", tooling.query),
    _route("/tooling/query/{locator}", tooling.more),
    _route("/tooling/sobjects", tooling.objects),
    _route("/tooling/sobjects/{object}/describe", tooling.object_described),
    _route("/tooling/sobjects/{object}/{id}", tooling.read),
    _route("/tooling/sobjects/{object}/{id}", tooling.update, "PATCH"),
    _route("/sobjects", resources.objects),
    _route("/sobjects/{object}/describe", resources.object_described),
    _route("/sobjects/{object}/updated", replication.list_updated),
    _route("/sobjects/{object}/deleted", replication.list_deleted),
    _route("/sobjects/{object}/eventSchema", serve_since(40, event_schema.by_name)),
    _route("/event/eventSchema/{schema}", serve_since(40, event_schema.by_id)),
    _route("/sobjects/{object}", resources.object_in_brief),
    _route("/sobjects/{object}", rows.create, "POST"),
    _route("/sobjects/{object}/Id", serve_since(37, rows.create), "POST"),
    _route("/sobjects/{object}/{id}", rows.read),
    _route("/sobjects/{object}/{id}", rows.update, "PATCH"),
    _route("/sobjects/{object}/{id}", rows.delete, "DELETE"),
    _route("/sobjects/{object}/{field}/{value:path}", rows.read_by_key),
    _route("/sobjects/{object}/{field}/{value:path}", rows.upsert, "PATCH"),
    _route("/sobjects/{object}/{field}/{value:path}", rows.delete_by_key, "DELETE"),
    _route("/composite/sobjects", serve_since(42, collections.create), "POST"),
    _route("/composite/sobjects", serve_since(42, collections.update), "PATCH"),
    _route("/composite/sobjects", serve_since(42, collections.delete), "DELETE"),
    _route("/composite/sobjects/{object}", serve_since(42, collections.retrieve)),
    _route("/composite/sobjects/{object}", serve_since(42, collections.retrieve), "POST"),
    _route("/composite/sobjects/{object}/{field}", serve_since(46, collections.upsert), "PATCH"),
    _route("/composite/tree/{object}", tree.create, "POST"),
]

_COMPOSITES = [
    _route("/composite", partial(composite.run, entries=_ENTRIES), "POST"),
    _route("/tooling/composite", partial(composite.run, entries=_ENTRIES), "POST"),
    _route("/composite/batch", partial(composite.run_batch, entries=_ENTRIES), "POST"),
    _route("/composite/graph", partial(graph.run, entries=_ENTRIES), "POST"),
]

# Paths that only a separate call may use.
_ALONE = [
    _route("/ui-api/records", ui_records.create, "POST"),
    _route("/ui-api/records/{id}", ui_records.read),
    _route("/ui-api/object-info/{object}/picklist-values/{type}", ui_picklists.every_field),
    _route("/ui-api/object-info/{object}/picklist-values/{type}/{field}", ui_picklists.one_field),
]

ROUTES = [Route("/services/data", resources.versions), *(entry.route for entry in [*_ENTRIES, *_COMPOSITES, *_ALONE])]
