"""A browser that logs in: it opens the login page, presses a button, and goes where it is sent.

`python -m tests.salesforce.browser URL` prints where it is sent, in a process that no cassette records.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Mapping

import requests
from attrs import define, field

_FIELD = re.compile(r"<input\b[^>]*>")


@define
class Browser:
    """What the plugin calls in place of `click.launch`. It logs in on a thread of its own.

    `sent` replaces parameters of the address that it is sent back to.
    """

    decision: str = "allow"
    sent: Mapping[str, str] = field(factory=dict)
    opened: list[str] = field(factory=list)
    pages: list[requests.Response] = field(factory=list)
    _threads: list[threading.Thread] = field(factory=list)

    def __call__(self, url: str) -> int:
        self.opened.append(url)
        thread = threading.Thread(target=self._log_in, args=(url,), daemon=True)
        self._threads.append(thread)
        thread.start()
        return 0

    def close(self) -> None:
        """Wait until all pages are loaded."""
        for each in self._threads:
            each.join(10)

    def _log_in(self, url: str) -> None:
        with requests.Session() as session:
            answer = _press_button(session, url, self.decision)
            if answer.is_redirect:
                back = answer.headers["Location"]
                for name, value in self.sent.items():
                    back = re.sub(rf"(?<=[?&]){name}=[^&]*", f"{name}={value}", back)
                answer = session.get(back, timeout=10)
            self.pages.append(answer)


def _press_button(session: requests.Session, url: str, decision: str) -> requests.Response:
    """Press a button on the login page, and return the answer; without a page, return what came instead of it."""
    answer = session.get(url, timeout=10, allow_redirects=False)
    if answer.status_code != 200:
        return answer
    fields = {**_fields(answer.text), "decision": decision}
    return session.post(url.partition("?")[0], data=fields, timeout=10, allow_redirects=False)


def _fields(page: str) -> dict[str, str]:
    found = {}
    for each in _FIELD.findall(page):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', each))
        if "name" in attributes:
            found[attributes["name"]] = attributes.get("value", "")
    return found


if __name__ == "__main__":
    with requests.Session() as visit:
        print(_press_button(visit, sys.argv[1], "allow").headers["Location"])
