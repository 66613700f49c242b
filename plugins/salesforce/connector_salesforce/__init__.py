"""Salesforce records as a destination of connector-sdk.

Other packages use these names:

- to connect: `Config` with a way to log in, `connect`, and `login_commands` for the command line;
- to ask an org: `Org`, `discover_schema`, `literal` for values in queries;
- to call SOAP APIs: `make_envelope` and `add_element` for requests, `name_of` for elements of answers;
- to check answers: `require_object` and `require_list` with a `Shape` of kinds such as `TEXT`, and `unreadable` to
  reject any other answer;
- to read limits: `read_remaining` and `read_allowed`;
- to write: `format_numbers` for numbers as text, `write_job` and `recover_job` for the Bulk API 2.0;
- to understand failures: `CallFailed`, `classify`, and `normalize_code` for codes that have several meanings;
- to translate failures in hooks: `as_run_stopped` and `as_not_executed`.
"""

from connector_salesforce.auth.commands import login_commands
from connector_salesforce.auth.login import connect
from connector_salesforce.config import Config, Options
from connector_salesforce.errors.codes import classify, normalize_code
from connector_salesforce.errors.exceptions import CallFailed
from connector_salesforce.flows import ClientCredentials, Jwt, SfCli, Web
from connector_salesforce.hook_errors import as_not_executed, as_run_stopped
from connector_salesforce.org.describe import discover_schema
from connector_salesforce.org.org import Org
from connector_salesforce.org.soql import literal
from connector_salesforce.transport.answer_shape import (
    COUNT,
    FLAG,
    ID,
    LIST,
    NAME,
    OBJECT,
    TEXT,
    TEXTS,
    MemberKind,
    Shape,
    list_of,
    optional,
    require_list,
    require_object,
    unreadable,
)
from connector_salesforce.transport.quota import read_allowed, read_remaining
from connector_salesforce.transport.soap import add_element, make_envelope
from connector_salesforce.transport.xml import name_of
from connector_salesforce.write.bulk2 import recover as recover_job
from connector_salesforce.write.bulk2 import write as write_job
from connector_salesforce.write.numbers import format_numbers

__all__ = [
    "COUNT",
    "FLAG",
    "ID",
    "LIST",
    "NAME",
    "OBJECT",
    "TEXT",
    "TEXTS",
    "CallFailed",
    "ClientCredentials",
    "Config",
    "Jwt",
    "MemberKind",
    "Options",
    "Org",
    "SfCli",
    "Shape",
    "Web",
    "add_element",
    "as_not_executed",
    "as_run_stopped",
    "classify",
    "connect",
    "discover_schema",
    "format_numbers",
    "list_of",
    "literal",
    "login_commands",
    "make_envelope",
    "name_of",
    "normalize_code",
    "optional",
    "read_allowed",
    "read_remaining",
    "recover_job",
    "require_list",
    "require_object",
    "unreadable",
    "write_job",
]
