"""How long compile, plan and apply take for a large config: all offline or on an idle database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.ground import Ground
from benchmarks.times import Times
from connectsql.compiler import check, render
from connectsql.compiler.expressions import check_expressions
from connectsql.compiler.model import Desired
from connectsql.compiler.resolve import resolve
from connectsql.config.load import load
from connectsql.database.apply import apply, plan
from connectsql.database.connection import connect
from connectsql.describe import snapshot

_TYPES = ("string", "picklist", "currency", "int", "date", "datetime", "boolean", "textarea")


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Mappings of a config, fields of each, repetitions."""

    mappings: int = 300
    fields: int = 200
    repetitions: int = 5


QUICK = Sizes(mappings=5, fields=10, repetitions=1)


def measure(ground: Ground, *, quick: bool = False) -> Iterator[Figure]:
    """Yield the times of a config that is larger than anybody's."""
    yield from compare(ground, QUICK if quick else Sizes())


def compare(ground: Ground, sizes: Sizes) -> Iterator[Figure]:
    """Yield seconds for each command, from reading its files to its result."""
    path = _written(ground.folder / "large", sizes)
    times = Times()
    for _ in range(sizes.repetitions):
        _once(ground, path, times)
    size = f"{sizes.mappings} mappings of {sizes.fields} fields"
    for what, target in (
        ("read config and describes", None),
        ("compile", "compile"),
        ("plan a first install", None),
        ("apply", None),
        ("plan where nothing changed", "compile"),
    ):
        seconds = times.of(what, "us")
        yield Figure(name=f"{what}, {size}", unit="s", repetitions=seconds, target=target)


def _once(ground: Ground, path: Path, times: Times) -> None:
    with times.taken("read config and describes", "us"):
        desired = _desired(path)
    with times.taken("compile", "us"):
        desired = _desired(path)
        check_expressions(desired)
        check.check(render.script(desired))
    with ground.database() as database, connect(database) as connection:
        with times.taken("plan a first install", "us"):
            plan(connection, desired)
        with times.taken("apply", "us"):
            apply(connection, desired)
        with times.taken("plan where nothing changed", "us"):
            found = plan(connection, _desired(path))
        if found.changes:
            raise AssertionError("a second plan has changes")


def _desired(path: Path) -> Desired:
    return resolve(load(path), snapshot.load(path.parent / "describe")).desired


def _written(folder: Path, sizes: Sizes) -> Path:
    """Write a config and the describes of its objects, and return the config's path."""
    folder.mkdir(parents=True)
    names = [f"Large{n}__c" for n in range(sizes.mappings)]
    snapshot.write(folder / "describe", [_raw(name, sizes.fields) for name in names])
    lines = ["connection: {constraints: enforce}", "mappings:"]
    for name in names:
        lines += [f"  - object: {name}", "    access: read_write", '    fields: ["*"]']
    path = folder / "connectsql.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _raw(name: str, count: int) -> dict[str, object]:
    written = [_field(f"Field{n}__c", _TYPES[n % len(_TYPES)]) for n in range(count)]
    own = [_field("Id", "id"), _field("SystemModstamp", "datetime"), _field("IsDeleted", "boolean")]
    return {"name": name, "label": name, "fields": [*own, *written]}


def _field(name: str, kind: str) -> dict[str, object]:
    return {
        "name": name, "label": f"Label of {name}", "type": kind, "length": 80, "precision": 18,
        "scale": 2, "digits": 9, "createable": True, "updateable": True, "nillable": True,
    }  # fmt: skip
