"""What the describe forbids or makes risky: faults and warnings of one mapping."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote_plus

from connectsql.compiler.model import Column, Table
from connectsql.compiler.selection import Selected
from connectsql.config.model import Mapping, RemoteDeletes
from connectsql.describe.model import SObject
from connectsql.errors import Fault

LONGEST_QUERY = 15_000  # characters; of a URL's 16,384 with its headers some are for the rest


def faults(mapping: Mapping, sobject: SObject, selected: Selected) -> Iterator[Fault]:
    """Yield what cannot work."""
    if not sobject.queryable:
        yield Fault(
            place=mapping.places.get("object", mapping.place),
            message=f"Salesforce lets nobody query {sobject.name}",
            hint="leave this object out",
        )
    if sobject.field("SystemModstamp") is None:
        yield Fault(
            place=mapping.place,
            message=f"{sobject.name} has no SystemModstamp, so changes of it cannot be found",
            hint="leave this object out",
        )
    if mapping.writable and not (sobject.createable or sobject.updateable or sobject.deletable):
        yield Fault(
            place=mapping.places.get("access", mapping.place),
            message=f"Salesforce lets nobody write {sobject.name}",
            hint="use access: read_only",
        )
    if mapping.remote_deletes is RemoteDeletes.KEEP and sobject.field("IsDeleted") is None:
        yield Fault(
            place=mapping.places.get("remote_deletes", mapping.place),
            message=f"{sobject.name} has no IsDeleted: rows of deleted records cannot be kept",
            hint="use remote_deletes: remove",
        )
    yield from _unwritable(mapping, selected)
    if identifier := _identifier(mapping, selected):
        yield from _identifier_faults(mapping, identifier)


def _unwritable(mapping: Mapping, selected: Selected) -> Iterator[Fault]:
    for one in mapping.fields:
        column = selected.get(one.name.lower())
        if one.read_write and column and not column.writable:
            yield Fault(
                place=one.place,
                message=f"{one.name} cannot be read_write: Salesforce takes no value for it",
                hint="remove its access: such fields are read all the same",
            )


def query_faults(table: Table) -> Iterator[Fault]:
    """Yield why the records cannot be asked for: a query is part of a URL."""
    query = f"{', '.join(table.select)} {table.filter or ''}"
    if (length := len(quote_plus(query))) > LONGEST_QUERY:
        yield Fault(
            place=table.mapping.places.get("fields", table.mapping.place),
            message=f"a query of {len(table.select):,} fields of {table.object.name} takes "
            f"{length:,} characters of a URL; Salesforce takes {LONGEST_QUERY:,}",
            hint="list fewer fields, or exclude some from *",
        )


def warnings(mapping: Mapping, sobject: SObject, selected: Selected) -> Iterator[Fault]:
    """Yield what will work, but perhaps not as meant."""
    if mapping.events:
        yield Fault(
            place=mapping.places.get("events", mapping.place),
            message=f"change events of {sobject.name} are not listened for yet",
            hint=f"until then it is polled every {mapping.poll_seconds} s",
        )
    yield from _unique_indexes(mapping, selected)
    if mapping.writable:
        yield from _refused_writes(mapping, sobject)
        yield from _nothing_written(mapping, sobject, selected)
        yield from _unsent(mapping, selected)
        yield from _required(mapping, sobject, selected)
        if identifier := _identifier(mapping, selected):
            yield from _identifier_warnings(mapping, identifier)


def _unique_indexes(mapping: Mapping, selected: Selected) -> Iterator[Fault]:
    """An upsert_field has a warning of its own."""
    for index in mapping.indexes:
        column = selected.get(index.field.lower())
        identifies = index.field.lower() == (mapping.upsert_field or "").lower()
        if (
            index.unique
            and column
            and not identifies
            and (column.lookup or not column.field.unique)
        ):
            yield Fault(
                place=index.place,
                message=f"the index on {index.field} is unique, the field in Salesforce is not: "
                "two records with one value would stop this table's sync",
                hint=f"remove unique: true, or tick Unique on {index.field} in Salesforce",
            )


def _identifier(mapping: Mapping, selected: Selected) -> Column | None:
    return selected.get((mapping.upsert_field or "").lower())


def _identifier_faults(mapping: Mapping, column: Column) -> Iterator[Fault]:
    place = mapping.places.get("upsert_field", mapping.place)
    listed = next((one for one in mapping.fields if one.name.lower() == column.path.lower()), None)
    if not (column.field.external_id or column.field.id_lookup):
        yield Fault(
            place=place,
            message=f"{mapping.object}.{column.path} is no external id: no record can be found "
            "by it",
            hint="tick External ID (and Unique) on the field in Salesforce, or name another field",
        )
    elif listed and listed.read_only:
        yield Fault(
            place=listed.place,
            message=f"{column.path} is the upsert_field: it cannot be read_only",
            hint="remove its access, or name another upsert_field",
        )


def _identifier_warnings(mapping: Mapping, column: Column) -> Iterator[Fault]:
    place = mapping.places.get("upsert_field", mapping.place)
    if not column.field.unique:
        yield Fault(
            place=place,
            message=f"{mapping.object}.{column.path} is not unique in Salesforce",
            hint="tick Unique on the field: otherwise one value can match several records, and "
            "two records with it stop this table's sync",
        )
    if not column.createable:
        yield Fault(
            place=place,
            message=f"Salesforce sets {mapping.object}.{column.path} itself: new rows have none",
            hint="name a field that applications fill, so that no record is made twice",
        )


def _refused_writes(mapping: Mapping, sobject: SObject) -> Iterator[Fault]:
    """An object that nobody may write at all is a fault already."""
    for possible, verb, what in (
        (sobject.createable, "create", "new rows of"),
        (sobject.updateable, "update", "changed rows of"),
        (sobject.deletable or not mapping.sends_deletes, "delete", "deletes of rows of"),
    ):
        if not possible:
            ignoring = "use local_deletes: ignore" if verb == "delete" else ""
            yield Fault(
                place=mapping.places.get("access", mapping.place),
                message=f"Salesforce lets nobody {verb} {sobject.name}: {what} {mapping.table} "
                "will be refused",
                hint=ignoring or "grant applications no more than Salesforce takes",
            )


def _nothing_written(mapping: Mapping, sobject: SObject, selected: Selected) -> Iterator[Fault]:
    if not any(column.writable for column in selected.values()):
        yield Fault(
            place=mapping.places.get("access", mapping.place),
            message=f"no mapped field of {sobject.name} can be written",
            hint="use access: read_only, or add fields",
        )


def _unsent(mapping: Mapping, selected: Selected) -> Iterator[Fault]:
    """Parents' fields that can be read, but name no parent."""
    for one in mapping.fields:
        column = selected.get(one.name.lower())
        if column is None or column.lookup is None or one.read_only or column.writable:
            continue
        if column.lookup.createable or column.lookup.updateable:
            keyed = column.field.external_id or column.field.id_lookup
            why = "several objects have it" if keyed else f"no external id of {column.parent}"
            yield Fault(
                place=one.place,
                message=f"{one.name} is read and never sent: {column.field.name} does not tell "
                f"which record is meant ({why})",
                hint=f"add access: read_only, and write {column.lookup.name} or an external id",
            )


def _required(mapping: Mapping, sobject: SObject, selected: Selected) -> Iterator[Fault]:
    if not sobject.createable:
        return
    # A lookup is also filled through its parent's external id.
    sent = {column.path for column in selected.values() if column.createable}
    sent |= {one.lookup.name for one in selected.values() if one.lookup and one.createable}
    missing = [one.name for one in sobject.fields if one.required_on_create]
    if missing := [name for name in missing if name not in sent]:
        yield Fault(
            place=mapping.place,
            message=f"new rows of {mapping.table} will be refused: Salesforce requires "
            f"{', '.join(missing)}, not mapped",
            hint="add the fields, or only update rows of this table",
        )
