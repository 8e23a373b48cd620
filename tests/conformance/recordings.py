"""The recorded exchanges with real orgs, as they can be sent again.

They lie outside of this repository, beside it. Hosts were taken out of them, and in many the
version, too; these are replayed with the version below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
RECORDED = DATA / "recorded"
CASSETTES = RECORDED / "cumulusci"
VERSION = "60.0"

_CHUNK = re.compile(r"^[0-9a-f]+\n(.*\n)\n", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its answer; ``path`` begins behind the host and holds the query.

    Some answers are templates that were not handed over: ``answer`` is None, and of what was
    filled in only ``filled`` is left.
    """

    method: str
    path: str
    body: str | None
    status: int
    content_type: str | None
    answer: str | None
    filled: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"{self.method} {self.path[:150]}"


def cassette(name: str) -> list[Exchange]:
    """Return the exchanges of a cassette; of other files that it names, none."""
    told = yaml.safe_load((CASSETTES / name).read_text(encoding="utf-8"))
    interactions = [told] if "request" in told else told.get("interactions", [])
    return [_exchange(one) for one in interactions if "request" in one]


def described(name: str) -> str:
    """Return the recorded describe of an object, as JSON."""
    return _versioned((DATA / "describe" / f"cumulusci-{name}.json").read_text(encoding="utf-8"))


def _exchange(interaction: dict[str, Any]) -> Exchange:
    asked, answered = interaction["request"], interaction["response"]
    body, answer = asked["body"], _text(answered["body"])
    return Exchange(
        method=asked["method"],
        path=_versioned("/" + asked["uri"].split("/", 3)[3].lstrip("/")),
        body=_versioned(_unchunked(body)) if body is not None else None,
        status=answered["status"]["code"],
        content_type=_content_type(answered.get("headers") or {}),
        answer=_versioned(answer) if isinstance(answer, str) else None,
        filled={} if isinstance(answer, str) else answer["vars"],
    )


def _content_type(headers: dict[str, Any]) -> str | None:
    nested = headers.get("Response-Headers")
    told = nested if isinstance(nested, dict) else headers
    return next(iter(told.get("Content-Type", ())), None)


def _text(body: Any) -> Any:
    text = body.get("string") if isinstance(body, dict) else body
    return text.decode() if isinstance(text, bytes) else text


def _versioned(text: str) -> str:
    return text.replace("vxx.0", f"v{VERSION}").replace("/async/v", "/async/")


def _unchunked(body: str) -> str:
    """Take the chunk sizes out that some recordings have in their CSV."""
    body = body.replace("\r\n", "\n")
    chunks = _CHUNK.findall(body + "\n\n")
    return "".join(chunks) if chunks else body
