"""What has to be done to a database so that it holds what is desired.

Whatever connectsql did not make stays as it is. Of what it made, columns and tables that the
config no longer asks for stay, too, unless they are to be pruned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connectsql.compiler import ddl, render, takeover
from connectsql.compiler.column_diff import (
    add_again,
    column_changes,
    key_changes,
    refuse,
    retyped_columns,
    stale_columns,
    stale_names,
    undivided,
)
from connectsql.compiler.dependents import in_the_way, refuse_drops
from connectsql.compiler.grants import connection_grants
from connectsql.compiler.installed import Installed, InstalledTable, Key
from connectsql.compiler.model import Desired, Kind, Table
from connectsql.compiler.part_diff import STALE, PartDiff, again, stale_parts
from connectsql.compiler.parts import parts
from connectsql.compiler.plan import Change, Hazard, Note, Plan
from connectsql.compiler.regrant import LOGS
from connectsql.compiler.renames import followed
from connectsql.compiler.rereads import rereads


def plan(desired: Desired, installed: Installed, *, prune: bool = False) -> Plan:
    """Return the way from installed to desired; an empty plan where there is nothing to do.

    Raises DatabaseError where a relation that stands cannot become what is desired.
    """
    installed, renamings = followed(desired, installed)
    refuse(desired, installed)
    refuse_drops(desired, installed, prune=prune)
    return _Planner(desired, installed, renamings, prune=prune).plan()


class _Planner:
    def __init__(
        self, desired: Desired, installed: Installed, renamings: list[Change], *, prune: bool
    ) -> None:
        self._desired = desired
        self._installed = installed
        self._renamings = renamings
        self._prune = prune
        self._manifest = render.manifest(desired)
        self._notes: list[Note] = []
        self._parts = PartDiff(desired.schema, installed, self._notes)

    def plan(self) -> Plan:
        self._notes.extend(takeover.notes(self._desired, self._installed))
        self._notes.extend(self._kept() if not self._prune else [])
        self._notes.extend(in_the_way(self._desired, self._installed, prune=self._prune))
        functions = ("function",)  # go last: triggers that call them are replaced before
        rest = [kind for kind in STALE if kind not in functions]
        changes = [*self._runtime(), *self._renamings, *self._stale(rest)]
        changes += takeover.replaced_triggers(self._desired, self._installed, self._manifest)
        for table in self._desired.tables:
            changes += self._table(table)
        changes += self._later()
        changes += self._stale(functions)
        if self._prune:
            changes += self._pruned()
        changes += rereads(self._desired, self._installed, changes)
        changes += takeover.adoption(self._desired, self._installed)
        at_once = [one for one in changes if not one.concurrently]
        alone = [one for one in changes if one.concurrently]
        if changes or self._record_differs():
            at_once.append(self._record())
            if alone:
                alone.append(self._built(alone))
        restore = self._restore() if at_once or alone else ""
        return Plan(
            changes=(*at_once, *alone),
            notes=tuple(self._notes),
            since=self._installed.fingerprint,
            restore=restore,
        )

    def _runtime(self) -> Iterator[Change]:
        for log in LOGS:
            if stands := self._installed.tables.get(log):
                yield from key_changes(self._desired.schema, log, self._desired.key_type, stands)
        made = render.runtime_manifest(self._desired)
        differing = [key for key, identity in made.items() if self._parts.differs(key, identity)]
        # What CREATE EXTENSION has made is its own to change.
        whole = render.runtime_of_schema if self._installed.extension else render.runtime
        if differing:
            yield Change(
                sql=whole(self._desired).strip(),
                comment="the runtime: bookkeeping, trigger log and its functions",
                reverse=self._runtime_before(made),
            )

    def _runtime_before(self, made: Iterable[Key]) -> str:
        """What stood under the names of the runtime: an earlier version's, or another sync's."""
        objects, schema = self._installed.objects, self._desired.schema
        standing = [key for key in made if key in objects]
        functions = [f"{objects[key]};" for key in standing if key[1] == "function"]
        triggers = [again(schema, key, self._installed) for key in standing if key[1] == "trigger"]
        return "\n\n".join([*functions, *triggers])

    def _stale(self, kinds: Sequence[str]) -> Iterator[Change]:
        schema = self._desired.schema
        yield from stale_parts(schema, self._installed, self._manifest, kinds=kinds)

    def _table(self, table: Table) -> Iterator[Change]:
        stands = self._installed.tables.get(table.name)
        if stands is None:
            self._notes.extend(undivided(table))
            yield Change(
                sql="\n\n".join(render.creation(table)),
                comment=f"create table {table.name}",
                reverse=ddl.drop_table(table.schema, table.name),
            )
        else:
            yield from self._make_way(table, stands)
            retyped = retyped_columns(table, stands, prune=self._prune)
            self._parts.touched |= {(table.name, "column", name) for name in retyped}
            for change in column_changes(table, stands, self._notes, prune=self._prune):
                if change.anew:
                    self._parts.dropped.add((table.name, "column", change.anew[1]))
                yield change
        later = {Kind.CONSTRAINT, *([Kind.COLUMN] if stands is None else [])}
        before = [part for part in parts(table) if part.kind not in later]
        yield from self._parts.changes(table, before, stands)
        if stands is not None:
            yield from self._comments(table)

    def _make_way(self, table: Table, stands: InstalledTable) -> Iterator[Change]:
        """Computed columns hold the type of what they are computed from: they are made anew."""
        fed = [
            name
            for column in retyped_columns(table, stands, prune=self._prune)
            for name in stands.columns[column].feeds
        ]
        for name in dict.fromkeys(fed):
            key = (table.name, "column", name)
            if key in self._installed.made:
                self._parts.dropped.add(key)
                yield Change(
                    sql=ddl.drop_column(table.schema, table.name, name),
                    comment=f"drop computed column {table.name}.{name}, to make it anew",
                    reverse=add_again(table, name, stands.columns[name]),
                )

    def _later(self) -> Iterator[Change]:
        """What needs all tables to stand."""
        for table, part in render.foreign_keys(self._desired):
            stands = self._installed.tables.get(table.name)
            yield from self._parts.changes(table, [part], stands)
        yield from self._parts.of_schema(connection_grants(self._desired))

    def _comments(self, table: Table) -> Iterator[Change]:
        stands = self._installed.tables[table.name]
        known = {
            name: column.comment
            for name, column in stands.columns.items()
            if (table.name, "column", name) not in self._parts.dropped
        }
        wanted: list[tuple[str | None, str]] = [(None, ddl.table_comment(table))]
        wanted += ddl.column_comments(table)
        differing = [
            (name, words, stands.comment if name is None else known.get(name))
            for name, words in wanted
            if words != (stands.comment if name is None else known.get(name))
        ]
        if differing:
            name, schema = table.name, table.schema
            yield Change(
                sql="\n".join(ddl.comment(schema, name, one, words) for one, words, _ in differing),
                comment=f"comments of {name}",
                reverse="\n".join(
                    ddl.comment(schema, name, one, old)
                    for one, _, old in differing
                    if one is None or one in stands.columns
                ),
            )

    def _kept(self) -> Iterator[Note]:
        """What the config no longer asks for, and stays."""
        for table in self._desired.tables:
            stands = self._installed.tables.get(table.name)
            names = stale_names(table, stands, self._installed) if stands else []
            if names:
                what = f"{table.name} keeps columns that the config no longer asks for"
                yield Note(what="kept", text=f"{what}: {', '.join(names)} (--prune drops them)")
        for name in self._unmapped():
            text = f"table {name} and its rows stay, though not mapped any more (--prune drops it)"
            yield Note(what="kept", text=text)

        for name, count in sorted(self._installed.waiting.items()):
            if name not in self._desired.by_name and count:
                text = f"{count:,} changes of {name} wait in the log, and nothing sends them"
                yield Note(what="left", text=text)

    def _unmapped(self) -> list[str]:
        return sorted(
            name
            for name, kind, _ in self._installed.made
            if kind == "table"
            and name not in self._desired.by_name
            and name in self._installed.tables
        )

    def _pruned(self) -> Iterator[Change]:
        yield from stale_columns(self._desired, self._installed)
        for table in self._unmapped():
            yield Change(
                sql=ddl.drop_table(self._desired.schema, table),
                comment=f"drop table {table}: the config no longer maps it",
                hazards=frozenset({Hazard.DATA_LOSS}),
                reverse=f"-- table {table} and its rows are gone",
            )

    def _record_differs(self) -> bool:
        noted = {key: one.definition for key, one in self._installed.made.items()}
        lacking = any(noted.get(key) != value for key, value in self._ours().items())
        return lacking or self._installed.fingerprint != render.fingerprint(self._desired)

    def _ours(self) -> dict[Key, str]:
        """What stands by our doing when the plan is carried out; what was adopted is not ours."""
        return {
            key: identity
            for key, identity in self._manifest.items()
            if not self._parts.adopted(key) and not self._adopted_column(key)
        }

    def _adopted_column(self, key: Key) -> bool:
        table, kind, name = key
        stands = self._installed.tables.get(table)
        if stands is None or key in self._installed.made:
            return False
        return kind == "table" or (kind == "column" and name in stands.columns)

    def _noted(self) -> dict[Key, str]:
        """What the books have to say anew: a plan is read by people."""
        made, anew = self._installed.made, self._parts.touched | self._parts.dropped
        return {
            key: identity
            for key, identity in self._ours().items()
            if key in anew or key not in made or made[key].definition != identity
        }

    def _gone(self) -> list[Key]:
        ours = self._ours()
        return sorted(
            key
            for key in self._installed.made
            if key not in ours and (key in self._parts.dropped or self._is_gone(key))
        )

    def _built(self, alone: list[Change]) -> Change:
        """Notes the indexes that are built after the transaction, and nothing else."""
        names = {one.index for one in alone}
        made = {key: one for key, one in self._ours().items() if key[1:] in names}
        return Change(
            sql=render.note(self._desired.schema, made),
            comment="note what was built",
            concurrently=True,
        )

    def _is_gone(self, key: Key) -> bool:
        """Whether what was made there does not stand after this plan."""
        table, kind, name = key
        if kind == "table":
            return self._prune or table not in self._installed.tables
        if kind == "column":
            stands = self._installed.tables.get(table)
            return self._prune or stands is None or name not in stands.columns
        if kind == "object":  # rows that stay are that object's, mapped or not
            kept = table in self._installed.tables and table not in self._desired.by_name
            return self._prune or not kept
        return True  # dropped as stale, or by hand

    def _restore(self) -> str:
        """What the registry and the record said before, for the way back."""
        schema, made, noted = self._desired.schema, self._installed.made, self._noted()
        new = sorted(key for key in noted if key not in made)
        statements = [render.forget(schema, new)] if new else []
        known = {key: made[key].definition for key in (*noted, *self._gone()) if key in made}
        if known:
            statements.append(render.note(schema, known))
        statements.append(render.set_back(schema, self._installed.fingerprint))
        return "\n".join(statements)

    def _record(self) -> Change:
        schema, noted, gone = self._desired.schema, self._noted(), self._gone()
        statements = [render.forget(schema, gone)] if gone else []
        if noted:
            statements.append(render.note(schema, noted))
        statements.append(render.record(self._desired))
        return Change(sql="\n\n".join(statements), comment="record what was applied")
