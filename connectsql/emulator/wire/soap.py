"""SOAP 1.1 as an org speaks it: reading an envelope, writing one, and faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from connectsql.emulator.wire import xml
from connectsql.emulator.wire.http import Answer

_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_XML_TYPE = "text/xml;charset=UTF-8"


class Fault(Exception):
    """A fault as SOAP has them: a code, a text, and the name of the API's own fault if any."""

    def __init__(self, code: str, text: str, *, kind: str | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.kind = kind


def api_fault(code: str, message: str, kind: str = "UnexpectedErrorFault") -> Fault:
    """Return a fault of the API, which has an exception code."""
    return Fault(code, message, kind=kind)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One element of an operation: its text, or the parts that it is made of."""

    name: str
    text: str
    is_null: bool
    parts: Sequence[Part]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What an envelope asks for: an operation with its parameters, and the session's id."""

    namespace: str
    operation: str
    parameters: Mapping[str, str]
    parts: Sequence[Part]
    session_id: str

    def texts(self, name: str) -> list[str]:
        """Return the texts of all parameters of that name."""
        return [part.text for part in self.parts if part.name == name]


def read(body: bytes) -> Request:
    """Return what an envelope asks for, or raise the fault of one that is none."""
    root = _parsed(body)
    content = root.find(f"{{{_ENVELOPE}}}Body")
    if root.tag != f"{{{_ENVELOPE}}}Envelope" or content is None or not len(content):
        raise Fault("soapenv:Client", "The request is not a SOAP envelope with an operation")
    namespace, operation = xml.qualified(content[0])
    return Request(
        namespace=namespace,
        operation=operation,
        parameters={xml.qualified(one)[1]: one.text or "" for one in content[0]},
        parts=_parts(content[0]),
        session_id=_session_id(root),
    )


def envelope(
    namespace: str, operation: str, result: Mapping[str, Any] | Sequence[Any] | None
) -> Answer:
    """Return the answer to an operation: one result, one for each record, or None for none."""
    inner = "" if result is None else _element("result", result)
    body = f"<{operation}Response>{inner}</{operation}Response>"
    return _answer(200, f' xmlns="{namespace}"', body)


def fault(namespace: str, wrong: Fault) -> Answer:
    """Return a fault as an answer. A fault of the API says its code in the text, too."""
    told = f"<faultcode>{escape(wrong.code)}</faultcode><faultstring>{escape(wrong.text)}"
    detail = ""
    if wrong.kind:
        told = (
            f"<faultcode>sf:{wrong.code}</faultcode><faultstring>{wrong.code}: {escape(wrong.text)}"
        )
        detail = (
            f'<detail><sf:{wrong.kind} xsi:type="sf:{wrong.kind}">'
            f"<sf:exceptionCode>{wrong.code}</sf:exceptionCode>"
            f"<sf:exceptionMessage>{escape(wrong.text)}</sf:exceptionMessage>"
            f"</sf:{wrong.kind}></detail>"
        )
    body = f"<soapenv:Fault>{told}</faultstring>{detail}</soapenv:Fault>"
    return _answer(500, f' xmlns:sf="{namespace.replace("urn:", "urn:fault.")}"', body)


def _answer(status: int, namespaces: str, body: str) -> Answer:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_ENVELOPE}"{namespaces} xmlns:xsi="{xml.INSTANCE}">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
    return Answer(status=status, body=text.encode(), headers={"Content-Type": _XML_TYPE})


def _elements(told: Mapping[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in told.items())


def _element(name: str, value: Any) -> str:
    match value:
        case None:
            return f'<{name} xsi:nil="true"/>'
        case bool():
            return f"<{name}>{str(value).lower()}</{name}>"
        case Mapping():
            return f"<{name}>{_elements(value)}</{name}>"
        case list():
            return "".join(_element(name, one) for one in value)
    return f"<{name}>{escape(str(value))}</{name}>"


def _parsed(body: bytes) -> ElementTree.Element:
    try:
        return xml.parse(body)
    except ValueError as broken:
        wrong = str(broken)
        text = wrong if wrong == xml.NO_DOCTYPE else f"The request is not XML: {wrong}"
        raise Fault("soapenv:Client", text) from None


def _parts(element: ElementTree.Element) -> Sequence[Part]:
    return [
        Part(
            name=xml.qualified(one)[1],
            text=one.text or "",
            is_null=xml.is_null(one),
            parts=_parts(one),
        )
        for one in element
    ]


def _session_id(root: ElementTree.Element) -> str:
    header = root.find(f"{{{_ENVELOPE}}}Header")
    within = header.iter() if header is not None else ()
    return next(
        (one.text or "" for one in within if xml.qualified(one)[1] == "sessionId"), ""
    ).strip()
