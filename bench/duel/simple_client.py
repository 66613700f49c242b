"""A script as in the manual of simple-salesforce: insert a file through Bulk API 2.0, and fail if rows failed.

It runs in its own process and environment. The library always uses HTTPS. An adapter of requests, the documented way
to change the transport, redirects the requests to a port of this machine.
"""

from __future__ import annotations

import os
import sys
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce


class Loopback(HTTPAdapter):
    """An adapter that sends each request to the emulated org, because the client insists on HTTPS and Salesforce."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **more: Any) -> requests.Response:
        """Send a request to the emulated org."""
        parts, target = urlsplit(str(request.url)), urlsplit(os.environ["SF_INSTANCE_URL"])
        request.url = urlunsplit((target.scheme, target.netloc, parts.path, parts.query, ""))
        return super().send(request, *arguments, **more)


session = requests.Session()
session.mount("https://", Loopback())
salesforce = Salesforce(
    consumer_key=os.environ["SF_CLIENT_ID"],
    consumer_secret=os.environ["SF_CLIENT_SECRET"],
    domain="duel.my",
    session=session,
)
jobs = salesforce.bulk2.Contact.insert(csv_file="contacts.csv")
sys.exit(any(int(job["numberRecordsFailed"]) for job in jobs))
