"""The pages of the login host."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from starlette.responses import HTMLResponse

_STYLE = (
    "body{font:16px sans-serif;max-width:24em;margin:4em auto}input,button{font:inherit;padding:.4em;margin:.3em 0}"
)
_NO_STORE = {"Cache-Control": "no-store", "X-Frame-Options": "DENY"}


def login_page(hidden: Mapping[str, str], username: str, password: str, problem: str = "") -> HTMLResponse:
    """Return the login form. `hidden` holds the app's request. The button that allows access has the id `allow`."""
    carried = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in hidden.items()
    )
    form = f"""<p>This is a local emulator, not Salesforce.</p>
<p id="problem" role="alert">{escape(problem)}</p>
<form method="post" action="/services/oauth2/authorize">{carried}
<label>Username<br><input id="username" name="username" size="36" value="{escape(username)}"></label><br>
<label>Password<br><input id="password" name="password" type="password" size="36" value="{escape(password)}"></label>
<p>An app asks to: {escape(hidden.get("scope") or "use what it is configured for")}</p>
<button id="allow" name="decision" value="allow">Allow</button>
<button id="deny" name="decision" value="deny">Deny</button>
</form>"""
    return _page("Allow Access?", form, 200)


def error_page(code: str, description: str, text: str = "") -> HTMLResponse:
    """Return an error page for the user. The app does not learn of the error."""
    shown = f"<p>error={escape(code)}</p><p>error_description={escape(description)}</p><p>{escape(text)}</p>"
    return _page("We can't authorize you because of an OAuth error.", shown, 400)


def _page(title: str, body: str, status: int) -> HTMLResponse:
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    text = f"<!doctype html><html lang=en><head>{head}</head><body><h1>{escape(title)}</h1>{body}</body></html>"
    return HTMLResponse(text, status, _NO_STORE)
