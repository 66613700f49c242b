"""One value of a picklist: a view of Salesforce's data, which keeps attributes that this plugin does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

Raw = Mapping[str, Any]

_TOOLING_NAME, _XML_NAME = "valueName", "fullName"
_OWN = ("label", "default", "isActive", _TOOLING_NAME, _XML_NAME)


@frozen
class Value:
    """A value as the Tooling API (JSON) or the Metadata API (texts of XML elements) returns it.

    Tooling API Guide, "CustomField"; Metadata API Guide, "CustomValue" and "StandardValue".
    """

    raw: Raw

    @classmethod
    def new(cls, name: str, label: str, attributes: Raw, *, in_xml: bool) -> Value:
        """Create an active value that is not in the org yet."""
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
        """The API name, which records hold."""
        return str(self.raw.get(_TOOLING_NAME) or self.raw.get(_XML_NAME) or "")

    @property
    def key(self) -> str:
        """The API name as Salesforce compares it, without regard to case."""
        return same(self.name)

    @property
    def label(self) -> str:
        """The label that users see; the API name if there is no label."""
        return str(self.raw.get("label") or self.name)

    @property
    def active(self) -> bool:
        """Whether users can choose the value: true unless `isActive` is false."""
        return self.raw.get("isActive") not in (False, "false")

    @property
    def default(self) -> bool:
        """Whether new records get this value."""
        return is_true(self.raw.get("default"))

    def attribute(self, name: str) -> Any:
        """Return another attribute as Salesforce returns it, or None if it is missing or empty."""
        found = self.raw.get(name)
        return None if found == "" else found

    def deactivate(self) -> Value:
        """Return the same value as inactive. An inactive value cannot be the default."""
        return Value({**self.raw, "isActive": False, "default": False})

    def activate(self) -> Value:
        """Return the same value as active."""
        return self if self.active else Value({**self.raw, "isActive": True})

    def with_label(self, label: str | None) -> Value:
        """Return the same value with another label, or with its own if `label` is None."""
        return self if label is None or label == self.label else Value({**self.raw, "label": label})

    def with_attributes(self, attributes: Raw) -> Value:
        """Return the same value with these attributes. An attribute that is already equal keeps its spelling."""
        new = {name: each for name, each in attributes.items() if not is_same(each, self.attribute(name))}
        return Value({**self.raw, **new}) if new else self

    def differs(self, other: Value) -> list[str]:
        """Return the names of the attributes in which another value differs, except names, label, default and state."""
        names = sorted({*self.raw, *other.raw} - set(_OWN))
        return [name for name in names if not is_same(self.attribute(name), other.attribute(name))]


def same(text: str) -> str:
    """Return a name or label in the form that is compared: without case and surrounding blanks."""
    return text.strip().casefold()


def is_true(value: object) -> bool:
    """Return whether a boolean of JSON or XML is true. A missing one is false."""
    return value in (True, "true")


def is_same(one: Any, other: Any) -> bool:
    """Return whether two attributes are equal across JSON and XML. Missing, empty and false are equal."""
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    if value in (None, False, "", "false"):
        return None
    if isinstance(value, Mapping | list):
        return value
    return "true" if value is True else str(value)
