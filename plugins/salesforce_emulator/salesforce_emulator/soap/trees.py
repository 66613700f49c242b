"""Metadata as XML. XML names a picklist value `fullName`, JSON names it `valueName`."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from salesforce_emulator.metadata.value_trees import Tree
from salesforce_emulator.soap.elements import put
from salesforce_emulator.soap.faults import SoapFault
from salesforce_emulator.xml_bodies import local

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_VALUES = frozenset({"value", "customValue", "standardValue"})
_LISTS = _VALUES | {"valueSettings", "controllingFieldValue", "summaryFilterItems"}
_NUMBERS = frozenset({"length", "precision", "scale", "visibleLines", "relationshipOrder", "startingNumber"})
_NUMBERS |= {"probability"}
# These elements hold text, even if it reads true, false or 1.
_TEXTS = frozenset({"fullName", "label", "description", "inlineHelpText", "defaultValue", "masterLabel", "formula"})
_TEXTS |= {"valueName", "controllingFieldValue", "controllingField", "valueSetName", "groupingString", "color"}


def put_tree(parent: ElementTree.Element, tree: Tree) -> None:
    """Write the elements of a tree, in its order. Null values are left out."""
    for name, content in tree.items():
        for one in content if isinstance(content, list) else [content]:
            if one is not None and name != "urls":
                _put(parent, name, one)


def _put(parent: ElementTree.Element, name: str, content: Any) -> None:
    if not isinstance(content, dict):
        put(parent, name, content)
        return
    element = ElementTree.SubElement(parent, name)
    if name in _VALUES:
        content = {"fullName": content["valueName"], **{k: v for k, v in content.items() if k != "valueName"}}
    put_tree(element, content)


def read_tree(element: ElementTree.Element) -> Tree:
    """Return the tree of an element. Raises SoapFault if a number is invalid."""
    tree: Tree = {}
    for child in element:
        name = local(child)
        content = _content(child, name)
        if name in _LISTS:
            tree.setdefault(name, []).append(content)
        else:
            tree[name] = content
    return tree


def _content(child: ElementTree.Element, name: str) -> Any:
    if child.get(_NIL) == "true":
        return None
    if len(child):
        return read_tree(child)
    text = (child.text or "").strip()
    if name in _NUMBERS:
        if not text.lstrip("-").isdigit():
            raise SoapFault(None, f"'{text}' is not a valid value for the type xsd:int")
        return int(text)
    if name not in _TEXTS and text in ("true", "false"):
        return text == "true"
    return text or None
