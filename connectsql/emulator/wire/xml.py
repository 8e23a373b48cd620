"""XML as it comes over the wire: without document types, and so without entities of its own."""

from __future__ import annotations

from xml.etree import ElementTree

INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
NO_DOCTYPE = "DOCTYPE is not allowed"


class _NoDoctype(ElementTree.TreeBuilder):
    """Refuses document types, and with them all entities that could be made to grow."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise ValueError(NO_DOCTYPE)


def parse(body: bytes) -> ElementTree.Element:
    """Return the outer element. Raises ``ValueError`` for what is no XML or has a DOCTYPE."""
    parser = ElementTree.XMLParser(target=_NoDoctype())  # noqa: S314 - has no entities, see above
    try:
        parser.feed(body)
        root: ElementTree.Element = parser.close()
    except (ElementTree.ParseError, LookupError) as broken:
        raise ValueError(str(broken)) from None
    return root


def qualified(element: ElementTree.Element) -> tuple[str, str]:
    """Return the namespace of an element, if any, and its name."""
    namespace, _, name = element.tag.removeprefix("{").rpartition("}")
    return namespace, name


def is_null(element: ElementTree.Element) -> bool:
    """Tell whether an element says that it is null."""
    return element.get(f"{{{INSTANCE}}}nil") in ("true", "1")
