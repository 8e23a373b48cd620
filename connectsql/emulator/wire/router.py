"""Which handler a method and a path lead to.

Templates are literal segments and ``{names}``; of several that fit, the first one added wins.
A trailing slash means nothing. Segments are decoded one by one, so an external id may hold
an encoded slash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

from connectsql.emulator.wire.errors import UnknownRoute, method_not_allowed

Handler = TypeVar("Handler")


@dataclass(frozen=True, slots=True)
class _Route(Generic[Handler]):
    method: str
    segments: tuple[str, ...]
    handler: Handler

    def arguments(self, path: list[str]) -> dict[str, str] | None:
        if len(path) != len(self.segments):
            return None
        found = {}
        for template, given in zip(self.segments, path, strict=True):
            if template.startswith("{"):
                found[template[1:-1]] = given
            elif template != given:
                return None
        return found


class Router(Generic[Handler]):
    """A table of routes."""

    def __init__(self) -> None:
        self._routes: list[_Route[Handler]] = []

    def route(self, method: str, template: str) -> Callable[[Handler], Handler]:
        """Add the decorated handler under this method and template."""

        def add(handler: Handler) -> Handler:
            self._routes.append(_Route(method, tuple(_split(template)), handler))
            return handler

        return add

    def include(self, other: Router[Handler]) -> None:
        """Add all routes of another table behind those of this one."""
        self._routes.extend(other._routes)

    @property
    def templates(self) -> list[tuple[str, str]]:
        """The method and the template of each route, in their order."""
        return [(one.method, "/" + "/".join(one.segments)) for one in self._routes]

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        """Return the handler and what the template's names stand for.

        Raises the 404 of an unknown path, or the 405 of a path that has other methods.
        """
        segments = _split(path)
        allowed = []
        for route in self._routes:
            arguments = route.arguments(segments)
            if arguments is None:
                continue
            if route.method == method:
                return route.handler, arguments
            allowed.append(route.method)
        if allowed:
            raise method_not_allowed(method, tuple(dict.fromkeys(allowed)))
        raise UnknownRoute


def _split(path: str) -> list[str]:
    return [unquote(segment) for segment in path.strip("/").split("/")]
