"""Salesforce records as a destination of connector-sdk.

What stands here is for other packages: to connect (`Config` with a way to log in, `connect`), to ask an org (`Org`,
`literal` for values in queries, `parse` and `name_of` for XML), and to understand what went wrong (`CallFailed`,
`normalised` for codes that Salesforce uses for unlike things, `classify`).
"""

from connector_salesforce.codes import classify, normalised
from connector_salesforce.config import Config, Options
from connector_salesforce.failure import CallFailed
from connector_salesforce.flows import ClientCredentials, Jwt, SfCli, Web
from connector_salesforce.login import connect
from connector_salesforce.markup import name_of, parse
from connector_salesforce.org import Org
from connector_salesforce.soql import literal

__all__ = [
    "CallFailed",
    "ClientCredentials",
    "Config",
    "Jwt",
    "Options",
    "Org",
    "SfCli",
    "Web",
    "classify",
    "connect",
    "literal",
    "name_of",
    "normalised",
    "parse",
]
