"""Which parts of a table are missing, differ from what is desired, or are wanted no more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from psycopg import sql

from connectsql.compiler import ddl
from connectsql.compiler import parts as making
from connectsql.compiler.column_diff import add_again
from connectsql.compiler.ddl import qualified, text
from connectsql.compiler.installed import Installed, InstalledTable, Key, Made
from connectsql.compiler.model import Index, Kind, Part, Table
from connectsql.compiler.names import quoted
from connectsql.compiler.parts import definition
from connectsql.compiler.plan import Change, Hazard, Note
from connectsql.compiler.regrant import grant_again, revoke_all

_LOCKS = frozenset({Hazard.LOCKS_WRITES})
_HAZARDS = {
    Kind.INDEX: _LOCKS,
    Kind.CONSTRAINT: _LOCKS,
    Kind.COLUMN: frozenset({Hazard.TABLE_REWRITE, Hazard.LOCKS_WRITES}),
}
_NONE = frozenset[Hazard]()
# What is dropped, and in which order: a function goes after the triggers that call it.
STALE = ("trigger", "constraint", "index", "grant", "default", "function")
INVALID = " INVALID"  # what connectsql.catalog() says of an index whose building failed


class PartDiff:
    """Compares parts with what stands and with what was noted when they were made."""

    def __init__(self, schema: str, installed: Installed, notes: list[Note]) -> None:
        self._schema = schema
        self._installed = installed
        self._notes = notes
        self._adopted: set[Key] = set()
        self.dropped: set[Key] = set()
        self.touched: set[Key] = set()  # made, or made anew: the books have to say so

    def adopted(self, key: Key) -> bool:
        """Whether what stands under that name is another's and stays so."""
        return key in self._adopted

    def differs(self, key: Key, identity: str) -> bool:
        """Whether something has to be made, or made anew. What was done by hand is noted."""
        stands, made = self._installed.objects.get(key), self._installed.made.get(key)
        found = made is None or made.definition != identity
        if made is not None and stands is None:
            self._drift(key, made, "is gone by hand")
            found = True
        elif made is not None and stands is not None and not found:
            found = stands.endswith(INVALID) or made.installed != md5(stands)
            if found:
                self._drift(key, made, "was changed by hand", stands)
        if found:
            self.touched.add(key)
        return found

    def changes(
        self, table: Table, wanted: Iterable[Part], stands: InstalledTable | None
    ) -> Iterator[Change]:
        """Yield what makes the parts of a table as they are wanted."""
        calm = stands is None or stands.empty
        for part in wanted:
            yield from self._change(table, part, stands, calm=calm)

    def of_schema(self, wanted: Iterable[Part]) -> Iterator[Change]:
        """Yield what makes the parts that belong to no table."""
        for part in wanted:
            yield from self._grant(part, ("", str(part.kind), part.name), "the schema")

    def _change(
        self, table: Table, part: Part, stands: InstalledTable | None, *, calm: bool
    ) -> Iterator[Change]:
        key = ("" if part.kind is Kind.FUNCTION else table.name, str(part.kind), part.name)
        if part.kind is Kind.COLUMN:
            yield from self._column(table, part, key, stands, calm=calm)
        elif part.kind is Kind.INDEX:
            yield from self._index(table, part, key, calm=calm)
        elif part.kind is Kind.GRANT:
            yield from self._grant(part, key, table.name)
        elif self.differs(key, definition(part)):
            hazards = _NONE if calm else _HAZARDS.get(part.kind, _NONE)
            verb = "replace" if key in self._installed.objects else "create"
            back = self._back(key, part)
            yield _make(part, table.name, verb=verb, hazards=hazards, reverse=back)

    def _grant(self, part: Part, key: Key, where: str) -> Iterator[Change]:
        """Rights that were noted are given anew as a whole: a role can come to have fewer.

        But for the owner's: without them the next plan could change nothing.
        """
        if not self.differs(key, definition(part)):
            return
        if part.name in self._installed.owners:
            yield _make(part, where, reverse="")
        else:
            whole, back = part.create, part.drop
            if key in self._installed.made:
                whole = f"{revoke_all(self._schema, key, self._installed)}\n{whole}"
            if key in self._installed.objects:
                back = f"{back}\n{grant_again(self._schema, key, self._installed)}"
            yield _make(part, where, sql_=whole, reverse=back)

    def _column(
        self, table: Table, part: Part, key: Key, stands: InstalledTable | None, *, calm: bool
    ) -> Iterator[Change]:
        made = self._installed.made.get(key)
        hazards = _NONE if calm else _HAZARDS[part.kind]
        computed = part.name in {one.name for one in table.computed}
        if stands is None or part.name not in stands.columns or key in self.dropped:
            if made is not None and stands is not None and key not in self.dropped:
                self._drift(key, made, "is gone by hand")
            yield _make(part, table.name, hazards=hazards if computed else _NONE, reverse=part.drop)
        elif made is None:
            self._adopted.add(key)
            self._notes.append(
                Note(what="left", text=f"{table.name}.{part.name} stands already and is left as is")
            )
        elif made.definition != definition(part):
            self.touched.add(key)
            have = stands.columns[part.name]
            self.dropped.add(key)
            anew = f"{part.drop}\n{part.create}"
            if not computed:  # the id of a parent's row: wider, with its values
                anew = ddl.alter_type(table.schema, table.name, part.name, table.key_type)
            back = f"{part.drop}\n{add_again(table, part.name, have)}" if computed else ""
            yield _make(part, table.name, verb="change", sql_=anew, hazards=hazards, reverse=back)

    def _index(self, table: Table, part: Part, key: Key, *, calm: bool) -> Iterator[Change]:
        stands, made = self._installed.objects.get(key), self._installed.made.get(key)
        index = next((one for one in table.indexes if one.name == part.name), None)
        if made is None and stands is not None:
            self._adopt(table, index, key, stands)
            return
        if not self.differs(key, definition(part)):
            return
        alone = index is not None and index.concurrently and not calm
        hazards = _NONE if calm or alone else _LOCKS
        create = part.create
        if alone and index is not None:
            create = making.create_index(table, index, concurrently=True)
        back = f"{part.drop}\n{stands};" if stands else part.drop
        if stands is not None:
            drop = part.drop
            if alone:
                drop = _drop_concurrently(table, part)
            yield Change(
                sql=drop,
                comment=f"drop index {part.name}, to make it anew",
                reverse=f"{stands};",
                concurrently=alone,
            )
        yield Change(
            sql=create,
            comment=f"create index {part.name} on {table.name}",
            hazards=hazards,
            reverse=back,
            concurrently=alone,
            index=("index", part.name),
        )

    def _adopt(self, table: Table, index: Index | None, key: Key, stands: str) -> None:
        self._adopted.add(key)
        if index is None or stands != _spelled(table, index):
            self._notes.append(
                Note(what="left", text=f"index {key[2]} stands with another definition: {stands}")
            )

    def _back(self, key: Key, part: Part) -> str:
        stands = self._installed.objects.get(key)
        if stands is None or part.kind not in (Kind.TRIGGER, Kind.FUNCTION):
            return part.drop
        if part.kind is Kind.FUNCTION:
            return f"{stands};"
        return f"{part.drop}\n{ddl.trigger_again(self._schema, key[0], key[2], stands)}"

    def _drift(self, key: Key, made: Made, what: str, stands: str = "") -> None:
        table, kind, name = key
        word = "drift"
        if stands.endswith(INVALID) or (kind == "index" and not stands and not made.installed):
            word, what = "unfinished", "was not built to its end"
        where = f" of {table}" if table else ""
        self._notes.append(Note(what=word, text=f"{kind} {name}{where} {what}"))


def stale_parts(
    schema: str,
    installed: Installed,
    wanted: Mapping[Key, str],
    *,
    kinds: Sequence[str] = STALE,
    why: str = ": the config no longer asks for it",
) -> Iterator[Change]:
    """Yield the removal of what connectsql made and nobody asks for, columns and tables apart."""
    stale = [
        key
        for key in installed.made
        if key[1] in kinds
        and key not in wanted
        and key in installed.objects
        and not (key[1] == "grant" and key[2] in installed.owners)
    ]
    for key in sorted(stale, key=lambda one: (kinds.index(one[1]), one)):
        table, kind, name = key
        where = f" on {table}" if table else ""
        what = f"drop {kind} {name}" if kind != "grant" else f"take back the rights of {name}"
        yield Change(
            sql=_drop(schema, key, installed),
            comment=f"{what}{where}{why}",
            reverse=again(schema, key, installed),
        )


def again(schema: str, key: Key, installed: Installed) -> str:
    """Return the statement that makes once more what was dropped."""
    table, kind, name = key
    definition_ = installed.objects[key]
    if kind == "grant":
        return grant_again(schema, key, installed)
    if kind == "constraint":
        form = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {};")
        return text(form.format(qualified(schema, table), quoted(name), ddl.raw(definition_)))
    if kind == "trigger":
        form = sql.SQL("DROP TRIGGER IF EXISTS {} ON {};")
        drop = text(form.format(quoted(name), qualified(schema, table)))
        return f"{drop}\n{ddl.trigger_again(schema, table, name, definition_)}"
    if kind == "default":
        form = sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {};")
        return text(form.format(qualified(schema, table), quoted(name), ddl.raw(definition_)))
    if kind == "function":
        form = sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC;")
        return f"{definition_};\n{text(form.format(qualified(schema, name)))}"
    return f"{definition_};"


def _drop(schema: str, key: Key, installed: Installed) -> str:
    table, kind, name = key
    if kind == "grant":
        return revoke_all(schema, key, installed)
    target = qualified(schema, table)
    forms = {
        "trigger": sql.SQL("DROP TRIGGER {name} ON {target};"),
        "constraint": sql.SQL("ALTER TABLE {target} DROP CONSTRAINT {name};"),
        "index": sql.SQL("DROP INDEX {whole};"),
        "function": sql.SQL("DROP FUNCTION {whole};"),
        "default": sql.SQL("ALTER TABLE {target} ALTER COLUMN {name} DROP DEFAULT;"),
    }
    return text(forms[kind].format(name=quoted(name), target=target, whole=qualified(schema, name)))


def _drop_concurrently(table: Table, part: Part) -> str:
    whole = qualified(table.schema, part.name)
    return text(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {};").format(whole))


def _make(
    part: Part,
    where: str,
    *,
    verb: str = "create",
    sql_: str | None = None,
    hazards: frozenset[Hazard] = _NONE,
    reverse: str,
) -> Change:
    what = f"{verb} {part.kind} {part.name}"
    if part.kind is Kind.GRANT:
        what = f"grants to {part.name}"
    return Change(
        sql=sql_ or part.create, comment=f"{what} on {where}", hazards=hazards, reverse=reverse
    )


def _spelled(table: Table, index: Index) -> str:
    """Return an index of ours as pg_get_indexdef spells it."""
    return text(
        sql.SQL("CREATE {}INDEX {} ON {} USING btree ({})").format(
            sql.SQL("UNIQUE " if index.unique else ""),
            quoted(index.name),
            qualified(table.schema, table.name),
            quoted(index.column),
        )
    )


def md5(text_: str) -> str:
    """Return what connectsql.note() keeps of a definition."""
    return hashlib.md5(text_.encode(), usedforsecurity=False).hexdigest()
