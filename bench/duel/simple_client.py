"""A script as the manual of simple-salesforce has it: insert a file through Bulk API 2.0, and fail if rows failed.

Its own process in an environment of its own. The library always speaks https; an adapter of requests, its documented
way to change the transport, brings that to a port of this machine.
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
    """Leads every request to the emulated org: the client itself insists on https and a host of Salesforce."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **more: Any) -> requests.Response:
        """Send it there instead."""
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
