"""The XML of Bulk API 1.0: what clients send and what they are answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from connectsql.emulator.wire.xml import INSTANCE, is_null, parse, qualified

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def fields(body: bytes) -> dict[str, str]:
    """Return the children of the outer element as a mapping; raises ``ValueError``."""
    return {_name(one): (one.text or "").strip() for one in parse(body)}


def records(body: bytes) -> list[dict[str, Any]]:
    """Return the records of ``<sObjects><sObject>...``; raises ``ValueError``."""
    return [_record(one) for one in parse(body) if _name(one) == "sObject"]


def element(name: str, told: Mapping[str, Any], *, outer: bool = True) -> str:
    """Return an element with a child for each value; None has no child."""
    inner = "".join(
        f"\n <{key}>{escape(_text(value))}</{key}>"
        for key, value in told.items()
        if value is not None
    )
    return f"<{name}{_XMLNS if outer else ''}>{inner}\n</{name}>"


def record(name: str, told: Mapping[str, Any]) -> str:
    """Return a record of a query's result; parents are records inside it."""
    inner = [f"<type>{told['attributes']['type']}</type>"]
    for key, value in told.items():
        if isinstance(value, Mapping):
            inner += [record(key, one) for one in value.get("records", [value]) if _is_record(one)]
        elif value is None:
            inner.append(f'<{key} xsi:nil="true"/>')
        else:
            inner.append(f"<{key}>{escape(_text(value))}</{key}>")
    return f'<{name} xsi:type="sObject">{"".join(inner)}</{name}>'


def query_result(found: Iterable[str]) -> bytes:
    """Return the document of a query's result."""
    xmlns = f'{_XMLNS}\n   xmlns:xsi="{INSTANCE}"'
    return f"{_HEAD}<queryResult{xmlns}>{''.join(found)}</queryResult>".encode()


def document(name: str, children: Iterable[str]) -> bytes:
    """Return a document whose outer element has these elements inside."""
    return f"{_HEAD}<{name}{_XMLNS}>{''.join(children)}</{name}>".encode()


def alone(name: str, told: Mapping[str, Any]) -> bytes:
    """Return a document of one element."""
    return (_HEAD + element(name, told)).encode()


_XMLNS = f'\n   xmlns="{NAMESPACE}"'


def _record(one: ElementTree.Element) -> dict[str, Any]:
    return {_name(child): _value(child) for child in one if _name(child) != "type"}


def _value(one: ElementTree.Element) -> Any:
    if is_null(one):
        return None
    if not len(one):
        return one.text or ""
    nested = _record(one[0]) if _name(one[0]) == "sObject" else _record(one)
    kind = next((child.text for child in one.iter() if _name(child) == "type"), None)
    return {**({"attributes": {"type": kind}} if kind else {}), **nested}


def _is_record(value: Mapping[str, Any]) -> bool:
    return "attributes" in value


def _name(one: ElementTree.Element) -> str:
    return qualified(one)[1]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
