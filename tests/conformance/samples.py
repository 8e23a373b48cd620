"""Recorded and documented answers without their requests, and how answers compare to them."""

from __future__ import annotations

import json
import re
from typing import Any

from .compare import Ids, differences
from .recordings import RECORDED


def restforce(name: str) -> Any:
    return json.loads((RECORDED / "restforce" / f"{name}.json").read_text())


def same_shape(recorded: Any, answered: Any, *, excerpt: bool = False) -> None:
    """Compare keys and types; an excerpt has fewer keys than the answer may have."""
    wrong = differences(recorded, answered, Ids(), excerpt=excerpt, values=False)
    assert not wrong, "\n".join(wrong[:20])


def same(recorded: Any, answered: Any) -> None:
    """Compare values, too."""
    wrong = differences(recorded, answered, Ids())
    assert not wrong, "\n".join(wrong[:20])


def sample(name: str, begin: str) -> Any:
    """Return the JSON of a documented answer that begins with this text."""
    text = (RECORDED / "docs-samples" / name).read_text()
    body = text[text.index(begin) :]
    page_header = re.compile(r"\n\nBulk API 2\.0 .*\n")
    return json.JSONDecoder().raw_decode(page_header.sub("\n", body))[0]
