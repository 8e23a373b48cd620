"""Makes a field's values: of its type and size, and fitting its name.

Most values are drawn from a pool that is made once and gone round; only keys, email addresses
and the names of records are made one by one.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from itertools import cycle, islice

from connectsql.emulator.org import clock
from connectsql.emulator.org.schema import NUMBERS, NUMERIC, Field
from connectsql.emulator.org.seeding import words

Maker = Callable[[int], object]

_EPOCH = datetime(2025, 1, 6, 8)
_NULL_EVERY = 10
_STRIDE = 2654435761
_POOL = len(words.FIRST_NAMES) * len(words.LAST_NAMES)


def stamp_of(n: int) -> str:
    """Return when the n-th record was created."""
    return clock.stamp(_EPOCH + timedelta(seconds=37 * n))


def column(field: Field, object_name: str, seed: int, count: int) -> Iterator[object]:
    """Return the values of a field for records 1 to ``count``; some are null if they may be.

    They are made as they are taken: there may be millions.
    """
    shift = zlib.crc32(f"{seed}.{object_name}.{field.name}".encode()) % 10_007
    if field.unique or field.external_id or field.name == "Username":
        return map(_key(field, object_name, seed), range(1, count + 1))
    make = _typed(field, object_name, seed, shift)
    if field.type == "email" or field.name == "Name":
        values: Iterator[object] = map(make, range(1, count + 1))
    else:
        values = islice(cycle(list(map(make, range(1, min(count, _POOL) + 1)))), count)
    if field.nillable and not _always_set(field):
        given = cycle([n != shift % _NULL_EVERY for n in range(_NULL_EVERY)])
        return (value if is_given else None for value, is_given in zip(values, given, strict=False))
    return values


def _always_set(field: Field) -> bool:
    named = field.name in ("FirstName", "Name")
    return named or field.type == "boolean" or field.default is not None


def _typed(field: Field, object_name: str, seed: int, shift: int) -> Maker:
    if field.type in NUMBERS:
        return _number(field, shift)
    if field.options:
        return _picked(field, shift)
    simple = _SIMPLE.get(field.type)
    if simple:
        return simple(shift)
    if field.type == "int":
        most = 10 ** min(field.digits or 4, 4)
        return lambda n: ((n + shift) * _STRIDE) % most
    if field.type == "email":
        return _cut(lambda n: _email(n, seed), field.length)
    return _cut(_text(field, object_name, seed, shift), field.length)


def _key(field: Field, object_name: str, seed: int) -> Maker:
    """Make values that differ from each other, as short as the field needs them."""
    if field.type in NUMERIC:
        return lambda n: float(n) if field.type != "int" else n
    if field.type == "email" or field.name == "Username":
        return lambda n: f"{object_name.lower()}{n}.{seed}@example.com"
    stem = re.sub(r"[^A-Z]", "", object_name) or object_name[:1]
    length = field.length or 64
    return lambda n: f"{stem}-{seed}-{n:06d}"[-length:]


def _number(field: Field, shift: int) -> Maker:
    name = field.name.lower()
    if "latitude" in name or "longitude" in name:
        return lambda n: round(((n + shift) * _STRIDE) % 17_000_000 / 100_000 - 85, 5)
    if field.type == "percent":
        return lambda n: float((n * 5 + shift) % 101)
    scale = min(field.scale, 6)
    whole = min(field.precision - field.scale, 6) if field.precision else 6
    most = 10 ** max(whole + scale, 1)
    return lambda n: ((n + shift) * _STRIDE) % most / 10**scale


def _picked(field: Field, shift: int) -> Maker:
    options = [one for one in field.options if not field.length or len(one) <= field.length]
    if not options:
        return lambda n: None
    if field.type != "multipicklist":
        return _one_of(options, shift)

    def some(n: int) -> str:
        chosen = {options[(n + shift) % len(options)], options[(n * 3 + shift) % len(options)]}
        return ";".join(one for one in options if one in chosen)

    return some


def _text(field: Field, object_name: str, seed: int, shift: int) -> Maker:
    name = field.name.lower()
    if name == "name" or (name == "company" and object_name == "Lead"):
        return _record_name(object_name, seed)
    for pattern, make in _BY_NAME:
        if re.search(pattern, name):
            return make(seed, shift)
    return lambda n: f"{field.label} {(n * 7 + shift) % 1000}"


def _record_name(object_name: str, seed: int) -> Maker:
    if object_name in ("Account", "Lead"):
        return lambda n: company(n, seed)
    if object_name == "Opportunity":
        return lambda n: f"{company(n * 3, seed)} - {words.COMPANY_KINDS[n % 19]} {2025 + n % 3}"
    return lambda n: f"{object_name.removesuffix('__c').replace('_', ' ')} {n}"


def company(n: int, seed: int) -> str:
    """Return the name of the n-th company."""
    parts = (words.COMPANY_WORDS, words.COMPANY_KINDS, words.COMPANY_FORMS)
    return " ".join(part[(n + seed) % len(part)] for part in parts)


def person(n: int, seed: int) -> tuple[str, str]:
    """Return the first and last name of the n-th person."""
    first, last = words.FIRST_NAMES, words.LAST_NAMES
    return first[(n + seed) % len(first)], last[(n * 2 + seed) % len(last)]


def _email(n: int, seed: int) -> str:
    return f"{_local_part(*person(n, seed))}{n}@example.com"


@cache
def _local_part(first: str, last: str) -> str:
    return f"{_ascii(first)}.{_ascii(last)}".lower()


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z]", "", plain) or "x"


def _one_of(values: Sequence[object], shift: int) -> Maker:
    return lambda n: values[(n + shift) % len(values)]


def _cut(make: Maker, length: int) -> Maker:
    return (lambda n: str(make(n))[:length].strip()) if length else make


def _phone(shift: int) -> Maker:
    return lambda n: f"+49 30 {((n + shift) * _STRIDE) % 9_000_000 + 1_000_000}"


def _day(shift: int) -> Maker:
    return lambda n: (date(2026, 1, 1) + timedelta(days=(n * 7 + shift) % 700)).isoformat()


def _moment(shift: int) -> Maker:
    return lambda n: clock.stamp(_EPOCH + timedelta(minutes=(n * 61 + shift) % 500_000))


_SIMPLE: dict[str, Callable[[int], Maker]] = {
    "boolean": lambda shift: lambda n: int((n + shift) % 3 == 0),
    "phone": _phone,
    "date": _day,
    "datetime": _moment,
    "time": lambda shift: lambda n: f"{(n + shift) % 24:02d}:{n % 60:02d}:00.000Z",
    "url": lambda shift: lambda n: f"https://www.example.com/{(n + shift) % 9973}?q=a&b=ü",
    "base64": lambda shift: lambda n: None,
}


def _place(part: int) -> Callable[[int, int], Maker]:
    return lambda seed, shift: lambda n: words.CITIES[(n + seed) % len(words.CITIES)][part]


def _words(values: Sequence[object]) -> Callable[[int, int], Maker]:
    return lambda seed, shift: _one_of(values, shift)


_BY_NAME: tuple[tuple[str, Callable[[int, int], Maker]], ...] = (
    ("firstname", lambda seed, shift: lambda n: person(n, seed)[0]),
    ("lastname", lambda seed, shift: lambda n: person(n, seed)[1]),
    ("city", _place(0)),
    ("state", _place(1)),
    ("postal|zip", _place(2)),
    ("country", _place(3)),
    ("street", _words(words.STREETS)),
    ("title", _words(words.TITLES)),
    ("department|division", _words(words.DEPARTMENTS)),
    ("subject", _words(words.SUBJECTS)),
    ("desc|note|comment|body|message", _words(words.SENTENCES)),
    ("company", lambda seed, shift: lambda n: company(n, seed)),
)
