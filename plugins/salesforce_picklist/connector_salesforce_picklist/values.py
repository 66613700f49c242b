"""One value of a picklist: a view of what Salesforce says of it, which keeps what this plugin does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

Raw = Mapping[str, Any]

_TOOLING_NAME, _XML_NAME = "valueName", "fullName"
_OWN = ("label", "default", "isActive", _TOOLING_NAME, _XML_NAME)


@frozen
class Value:
    """A value as the Tooling API (JSON) or the Metadata API (text of XML elements) has it.

    Tooling API Guide, "CustomField"; Metadata API Guide, "CustomValue" and "StandardValue".
    """

    raw: Raw

    @classmethod
    def new(cls, name: str, label: str, attributes: Raw, *, in_xml: bool) -> Value:
        """An active value that is not in the org yet."""
        return cls(
            {
                (_XML_NAME if in_xml else _TOOLING_NAME): name,
                "default": False,
                "isActive": True,
                "label": label,
                **attributes,
            }
        )

    @property
    def name(self) -> str:
        """The API name: what records hold."""
        return str(self.raw.get(_TOOLING_NAME) or self.raw.get(_XML_NAME) or "")

    @property
    def key(self) -> str:
        """The API name as Salesforce compares it, without regard to case."""
        return same(self.name)

    @property
    def label(self) -> str:
        """What people see; the API name where nothing else was said."""
        return str(self.raw.get("label") or self.name)

    @property
    def active(self) -> bool:
        """Whether it can be chosen: anything but an explicit no."""
        return self.raw.get("isActive") not in (False, "false")

    @property
    def default(self) -> bool:
        """Whether new records get it."""
        return is_true(self.raw.get("default"))

    def attribute(self, name: str) -> Any:
        """Any other attribute, as text or as it is; None where it has none."""
        found = self.raw.get(name)
        return None if found == "" else found

    def deactivated(self) -> Value:
        """The same value, which can no longer be chosen. An inactive value cannot be the default."""
        return Value({**self.raw, "isActive": False, "default": False})

    def activate(self) -> Value:
        """The same value, which can be chosen."""
        return self if self.active else Value({**self.raw, "isActive": True})

    def with_label(self, label: str | None) -> Value:
        """The same value with another label; None leaves it as it is."""
        return self if label is None or label == self.label else Value({**self.raw, "label": label})

    def with_attributes(self, attributes: Raw) -> Value:
        """The same value with other attributes; those that it has already stay as they are written."""
        new = {name: each for name, each in attributes.items() if not is_same(each, self.attribute(name))}
        return Value({**self.raw, **new}) if new else self

    def differs(self, other: Value) -> list[str]:
        """The names of the attributes, label and state apart, in which another reading of it differs."""
        names = sorted({*self.raw, *other.raw} - set(_OWN))
        return [name for name in names if not is_same(self.attribute(name), other.attribute(name))]


def same(text: str) -> str:
    """A name or label as it is compared: without regard to case or to the blanks around it."""
    return text.strip().casefold()


def is_true(value: object) -> bool:
    """A boolean of JSON or of XML; what is missing is false."""
    return value in (True, "true")


def is_same(one: Any, other: Any) -> bool:
    """Whether two attributes say the same in JSON and XML; an attribute that is missing is no, or nothing."""
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    if value in (None, False, "", "false"):
        return None
    if isinstance(value, Mapping | list):
        return value
    return "true" if value is True else str(value)
