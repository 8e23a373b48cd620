"""Checks the shape of a config against its JSON schema and tells the faults in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from connectsql.config.source import Path, Source
from connectsql.config.words import any_of, did_you_mean, label, quoted
from connectsql.errors import Fault
from connectsql.resources import read_text

_KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a group of properties",
}
_PLAIN = (str, int, float)
_SECRETS = ("access_token", "client_id", "client_secret")
_EXAMPLES = {
    "mappings": "for example:  mappings: [{object: Account, fields: [Name, Phone]}]",
    "object": "for example:  object: Account",
    "fields": "for example:  fields: [Name, Phone]",
    "roles": "for example:  roles: {agent: sync_agent, applications: [web]}",
    "computed": "for example:  computed: [{column: shout, type: text, expression: upper(name)}]",
    "command": "for example:  access_token: {command: [pass, show, salesforce/token]}",
    "field": "for example:  {field: Email}",
    "indexes": "for example:  indexes: [Name, {field: Email, unique: true}]",
    "connection": "for example:  connection: {schema: salesforce}",
    "retention": "for example:  retention: {log_hours: 24, archive_days: 31}",
    "login": "for example:  login: {access_token: {env: SALESFORCE_ACCESS_TOKEN}}",
    "instance_url": "for example:  instance_url: https://example.my.salesforce.com",
    "api_version": 'for example:  api_version: "62.0"',
}
_UNKNOWN = "additionalProperties"
_API_NAME = "an API name is letters, digits and _, and begins with a letter"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A fault, and the values that are not to be trusted because of it."""

    fault: Fault
    spoils: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class _Broken:
    """A rule of the schema that a value breaks."""

    source: Source
    path: Path
    rule: str  # the schema's keyword: "type", "enum", ...
    limit: Any  # what the schema gives with the keyword
    value: Any
    schema: Mapping[str, Any]

    @property
    def label(self) -> str:
        return label(self.path, self.source.data, self.source.noun)

    @property
    def shown(self) -> str:
        # What stands where a secret is looked up may be the secret: it is never repeated.
        secret = "login" in self.path and isinstance(self.value, _PLAIN)
        return "a plain value" if secret else quoted(self.value)

    @property
    def names_property(self) -> bool:
        """Whether the value is a property's name, in the group at the path."""
        found = self.source.data
        for step in self.path:
            found = found[step]
        return isinstance(found, dict)

    @property
    def example(self) -> str:
        return self.example_of(str(self.path[-1]) if self.path else "mappings")

    def example_of(self, name: str) -> str:
        return _EXAMPLES.get(name, "") if self.source.noun == "config" else ""

    def finding(self, message: str, hint: str = "") -> Finding:
        return Finding(fault=self.source.fault(self.path, message, hint), spoils=(self.path,))


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads(read_text("schemas", name))
    return Draft202012Validator(_inlined(schema, schema["$defs"]))


def _inlined(part: Any, definitions: Mapping[str, Any]) -> Any:
    """Write references out: looking each up anew takes longer than all the rest."""
    if isinstance(part, list):
        return [_inlined(one, definitions) for one in part]
    if not isinstance(part, dict):
        return part
    target = definitions.get(str(part.get("$ref")).removeprefix("#/$defs/"), {})
    merged = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
    return {key: _inlined(value, definitions) for key, value in merged.items()}


def find(source: Source, schema: str = "config.schema.json") -> list[Finding]:
    """Return what is wrong with the shape of ``source``, each mistake once."""
    errors = _validator(schema).iter_errors(source.data)
    broken = (_broken(source, inner) for error in errors for inner in _innermost(error))
    told = (one for one in broken if one.path not in source.spoiled)
    findings = {found: one.rule for one in told for found in _TELLERS[one.rule](one)}
    # What is missing may be there, misspelt: that is told already.
    misspelt = {
        path for found, rule in findings.items() if rule == _UNKNOWN for path in found.spoils
    }
    return [
        found
        for found, rule in findings.items()
        if rule != "required" or not misspelt.issuperset(found.spoils)
    ]


def _broken(source: Source, error: ValidationError) -> _Broken:
    return _Broken(
        source=source,
        path=tuple(error.absolute_path),
        rule=str(error.validator),
        limit=error.validator_value,
        value=error.instance,
        schema=cast("Mapping[str, Any]", error.schema),
    )


def _innermost(error: ValidationError) -> Iterator[ValidationError]:
    """Follow an ``anyOf`` into the one branch whose type fits, if one does."""
    branches: dict[Any, list[ValidationError]] = {}
    for one in error.context or ():
        branches.setdefault(one.relative_schema_path[0], []).append(one)
    fitting = [errors for errors in branches.values() if not any(map(_wrong_type, errors))]
    if len(fitting) != 1:
        yield error
        return
    for one in fitting[0]:
        yield from _innermost(one)


def _wrong_type(error: ValidationError) -> bool:
    return error.validator == "type" and not error.relative_path


def _unknown(broken: _Broken) -> Iterator[Finding]:
    known = list(broken.schema["properties"])
    for name in broken.value:
        if name in known:
            continue
        path = (*broken.path, name)
        meant = did_you_mean(name, known)
        hint = f"did you mean {meant}?" if meant else f"what can stand here: {', '.join(known)}"
        if name == "<<":
            hint = "merge keys are not read; write the properties out"
        fault = broken.source.fault(path, f"{name} is no property of {broken.label}", hint)
        yield Finding(fault=fault, spoils=(path, (*broken.path, meant)))


def _missing(broken: _Broken) -> Iterator[Finding]:
    for name in broken.limit:
        if name not in broken.value:
            message = f"{broken.label} has no {name}"
            fault = broken.source.fault(broken.path, message, broken.example_of(name))
            yield Finding(fault=fault, spoils=((*broken.path, name),))


def _type(broken: _Broken) -> Iterator[Finding]:
    if broken.path and broken.path[-1] in _SECRETS and isinstance(broken.value, _PLAIN):
        yield _secret(broken, str(broken.path[-1]))
        return
    kinds = [broken.limit] if isinstance(broken.limit, str) else broken.limit
    hint = broken.example
    if "string" in kinds and "number" not in kinds and isinstance(broken.value, int | float):
        hint = _API_NAME if "pattern" in broken.schema else _quotes(broken)
    yield _wrong_kind(broken, any_of(_KINDS[kind] for kind in kinds if kind in _KINDS), hint)


def _secret(broken: _Broken, name: str) -> Finding:
    message = f"{name} stands in the config: secrets never do"
    example = f"{name}: {{env: SALESFORCE_{name.upper()}}}"
    hint = f"put it into an environment variable or a file and name that:  {example}"
    return broken.finding(message, hint)


def _quotes(broken: _Broken) -> str:
    if "login" in broken.path:
        return "put it in quotes if that is the name"
    return f'put it in quotes if that is the name: "{json.dumps(broken.value)}"'


def _no_branch(broken: _Broken) -> Iterator[Finding]:
    allowed = "a field's name or {field: NAME, unique: true}"
    if "fields" in broken.path:
        allowed = "a field's name or {field: NAME, column: NAME}"
    if broken.path[-1] == "instance_url":
        allowed = "a URL, {env: NAME}, {file: PATH} or {command: [WORD, ...]}"
    group = str(broken.path[-2]) if isinstance(broken.path[-1], int) else str(broken.path[-1])
    yield _wrong_kind(broken, allowed, broken.example_of(group))


def _wrong_kind(broken: _Broken, allowed: str, hint: str) -> Finding:
    return broken.finding(f"{broken.label} must be {allowed}, not {broken.shown}", hint)


def _choice(broken: _Broken) -> Iterator[Finding]:
    text = broken.value if isinstance(broken.value, str) else ""
    meant = did_you_mean(text, broken.limit)
    hint = f"did you mean {meant}?" if meant else ""
    yield _wrong_kind(broken, any_of(broken.limit), hint)


def _version(broken: _Broken) -> Iterator[Finding]:
    yield _wrong_kind(broken, "1", "this connectsql reads version 1")


def _range(broken: _Broken) -> Iterator[Finding]:
    lowest, highest = broken.schema["minimum"], broken.schema["maximum"]
    message = f"{broken.label} must be from {lowest} to {highest}, not {broken.value}"
    yield broken.finding(message)


def _pattern(broken: _Broken) -> Iterator[Finding]:
    match broken.path[-1]:
        case "api_version":
            message = f"api_version must look like 62.0, not {broken.shown}"
            yield broken.finding(message, broken.example)
        case "instance_url":
            yield broken.finding("instance_url must begin with https://", broken.example)
        case "env":
            message = "env must be the name of an environment variable"
            yield broken.finding(message, "the value itself never stands in the config")
        case _:
            dotted = "." in broken.value
            hint = "a parent's external id is written Account__ExternalId__c"
            message = f"{broken.label} is no API name: {broken.shown}"
            if broken.names_property:
                message = f"{broken.label} holds {broken.shown}, which is no API name"
            yield broken.finding(message, hint if dotted else _API_NAME)


def _length(broken: _Broken) -> Iterator[Finding]:
    longer = f"is longer than {broken.limit} characters"
    state = "is empty" if broken.rule == "minLength" else longer
    yield broken.finding(f"{broken.label} {state}")


def _empty(broken: _Broken) -> Iterator[Finding]:
    yield broken.finding(f"{broken.label} is empty", broken.example)


def _too_few(broken: _Broken) -> Iterator[Finding]:
    return _one_of_two(broken) if "env" in broken.schema.get("properties", ()) else _empty(broken)


def _one_of_two(broken: _Broken) -> Iterator[Finding]:
    many = broken.rule == "maxProperties"
    state = "more than one of" if many else "none of"
    yield broken.finding(f"{broken.label} has {state} env, file and command", "name one of them")


_TELLERS: dict[str, Callable[[_Broken], Iterator[Finding]]] = {
    _UNKNOWN: _unknown,
    "required": _missing,
    "type": _type,
    "anyOf": _no_branch,
    "enum": _choice,
    "const": _version,
    "minimum": _range,
    "maximum": _range,
    "pattern": _pattern,
    "multipleOf": _pattern,
    "minLength": _length,
    "maxLength": _length,
    "minItems": _empty,
    "minProperties": _too_few,
    "maxProperties": _one_of_two,
}
