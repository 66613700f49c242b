"""Build HTML pages. Text is escaped unless it is already Html."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from starlette.responses import HTMLResponse

_STYLE = """
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{max-width:80rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.4rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
nav{opacity:.75;margin-bottom:1rem}.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.2rem .9rem .2rem 0;white-space:nowrap}
tr{border-bottom:1px solid color-mix(in srgb,CanvasText 18%,Canvas)}
td{max-width:22rem;overflow:hidden;text-overflow:ellipsis}th{font-weight:600}
#fields td,#last td,#calls td{max-width:60rem;white-space:normal;overflow-wrap:anywhere}
.number{text-align:right}.gone td{text-decoration:line-through;opacity:.6}.none{opacity:.6}
"""


class Html(str):
    """Text that is markup."""

    __slots__ = ()


def element(name: str, content: object, **attributes: object) -> Html:
    """Return one element. The argument `class_` sets the class. Attributes that are None are left out."""
    said = "".join(
        f' {key.rstrip("_")}="{escape(str(value))}"' for key, value in attributes.items() if value is not None
    )
    return Html(f"<{name}{said}>{_inner(content)}</{name}>")


def link(path: Sequence[str], text: object) -> Html:
    """Return a link to another page, by the parts of its path."""
    return element("a", text, href="/" + "/".join(quote(part, safe="") for part in ("__emulator__", *path)))


def table(head: Sequence[str], rows: Iterable[Sequence[object]], name: str, gone: Iterable[bool] = ()) -> Html:
    """Return a table with the id `name`. Rows that are `gone` are struck through."""
    struck = list(gone)
    body = [
        element("tr", [_cell(value) for value in row], class_="gone" if at < len(struck) and struck[at] else None)
        for at, row in enumerate(rows)
    ]
    if not body:
        return element("p", "None.", class_="none", id=name)
    top = element("thead", element("tr", [element("th", title, scope="col") for title in head]))
    return element("div", element("table", [top, element("tbody", body)], id=name), class_="scroll")


def page(title: str, *parts: Html, trail: Sequence[Html] = ()) -> HTMLResponse:
    """Return a whole page. `trail` holds the links to the pages above it."""
    head = [Html('<meta charset="utf-8">'), Html('<meta name="viewport" content="width=device-width">')]
    # An empty icon, so that browsers do not request one from the org.
    head += [Html('<link rel="icon" href="data:,">')]
    head += [element("title", f"{title} - Salesforce emulator"), Html(f"<style>{_STYLE}</style>")]
    steps = [part for step in trail for part in (step, Html(" / "))]
    body = [*([element("nav", [*steps, title])] if steps else []), element("h1", title), *parts]
    text = element("html", [element("head", head), element("body", body)], lang="en")
    return HTMLResponse(f"<!doctype html>{text}", headers={"Cache-Control": "no-store"})


def _cell(value: object) -> Html:
    if isinstance(value, bool):
        return element("td", "true" if value else "false")
    number = isinstance(value, int | float)
    return element("td", "" if value is None else value, class_="number" if number else None)


def _inner(content: object) -> str:
    if isinstance(content, Html):
        return content
    if isinstance(content, list):
        return "".join(_inner(part) for part in content)
    return escape(str(content), quote=False)
