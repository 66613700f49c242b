"""The settings of a connection and of a sync."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from attrs import Attribute, field, frozen

from connector_salesforce.flows import ClientCredentials, Jwt, SfCli, Web
from connector_salesforce.ids import to18
from connector_salesforce.transport.hosts import HostError, origin
from connector_salesforce.transport.versions import DEFAULT, check_form
from connector_sdk import Problem


@frozen
class Config:
    """A Salesforce org."""

    login_url: Annotated[str, "The org's My Domain, such as https://acme.my.salesforce.com."] = field(
        default="https://login.salesforce.com"
    )
    auth: Annotated[ClientCredentials | Web | Jwt | SfCli, "How to log in."] = field(kw_only=True)
    api_version: Annotated[str, "The version of the Salesforce APIs."] = field(default=DEFAULT)

    @login_url.validator
    def _is_a_host(self, _attribute: Attribute[str], value: str) -> None:
        try:
            origin(value)
        except HostError as error:
            raise ValueError(str(error)) from None

    @api_version.validator
    def _is_a_version(self, _attribute: Attribute[str], value: str) -> None:
        check_form(value)


@frozen
class Options:
    """The Salesforce options of a sync."""

    assignment_rules: Annotated[
        bool | str, "Assignment rules of leads, cases and accounts: off, on, or the id of a rule."
    ] = field(default="off")
    duplicate_rules: Annotated[
        Literal["respect", "allow"], "Whether duplicate rules that only alert let a record pass. REST only."
    ] = "respect"
    hard_delete: Annotated[bool, "Delete past the recycle bin. Bulk API only; needs the permission."] = False
    keep_api_calls: Annotated[int, "API calls of the day that the run leaves to others."] = field(default=0)
    job_timeout: Annotated[float, "Hours that a job of a Bulk API may take before the run stops."] = field(default=24)

    @assignment_rules.validator
    def _is_a_rule(self, _attribute: Attribute[bool | str], value: bool | str) -> None:
        if isinstance(value, str) and value not in ("off", "on") and to18(value) is None:
            raise ValueError(f"{value!r} is none of off, on, and the id of a rule")

    @keep_api_calls.validator
    def _is_a_count(self, _attribute: Attribute[int], value: int) -> None:
        if value < 0:
            raise ValueError(f"{value} is below 0")

    @job_timeout.validator
    def _is_a_time(self, _attribute: Attribute[float], value: float) -> None:
        if not value > 0:
            raise ValueError(f"{value} is not above 0 hours")

    @property
    def assignment_rule(self) -> str:
        """`off`, `on`, or the id of a rule."""
        if isinstance(self.assignment_rules, bool):
            return "on" if self.assignment_rules else "off"
        return self.assignment_rules


def problems(config: Config) -> Iterator[Problem]:
    """Yield the problems of a connection's settings that are known without a call."""
    yield from config.auth.problems(config.login_url)
