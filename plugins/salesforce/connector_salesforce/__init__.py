"""Salesforce records as a destination of connector-sdk."""

from connector_salesforce.codes import classify
from connector_salesforce.config import Config, Options
from connector_salesforce.failure import CallFailed
from connector_salesforce.flows import ClientCredentials, Jwt, SfCli, Web
from connector_salesforce.login import connect
from connector_salesforce.org import Org

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
]
