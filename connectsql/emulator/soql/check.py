"""Checks a query against the describes: every name found, every value of the right type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from connectsql.emulator.org.schema import Field, Schema, SObject
from connectsql.emulator.soql import bound, errors
from connectsql.emulator.soql.bound import BoundQuery, Children, Column, Sort, Test
from connectsql.emulator.soql.conditions import Conditions
from connectsql.emulator.soql.groups import Grouped, is_count, is_grouped
from connectsql.emulator.soql.literals import Literals
from connectsql.emulator.soql.scope import Scope
from connectsql.emulator.soql.select import Selection
from connectsql.emulator.soql.syntax import Name, Query
from connectsql.emulator.wire.errors import Refusal

_LARGEST_OFFSET = 2000
_DEEPEST_SUBQUERY = 5
_MODES = frozenset({"security_enforced", "user_mode", "system_mode"})
_USES = frozenset({"view", "reference", "update", "tracking", "viewstat"})
_SCOPES_OF_ALL = frozenset({"everything", "team"})
_SCOPES_OF_OWN = frozenset({"mine", "mine_and_my_groups"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What the meaning of a query depends on besides its text."""

    today: date
    user_id: str


def check(query: Query, schema: Schema, setting: Setting, text: str) -> BoundQuery:
    """Return the query bound to the objects of an org, or raise its refusal."""
    name, at = str(query.source.path), query.source.path.at
    sobject = schema.find(name)
    if sobject is None or not sobject.queryable:
        raise errors.no_such_object(text, at, name)
    return _Checked(query, schema, setting, text, sobject).bind()


class _Checked:
    """Binds one query, or one subquery for children."""

    def __init__(
        self,
        query: Query,
        schema: Schema,
        setting: Setting,
        text: str,
        sobject: SObject,
        depth: int = 0,
    ) -> None:
        self._query = query
        self._schema = schema
        self._setting = setting
        self._text = text
        self._depth = depth
        self._refuse_clauses()
        self.scope = Scope(schema, text, sobject, query.source)
        self._literals = Literals(text=text, schema=schema, today=setting.today)
        self._conditions = Conditions(self.scope, self._literals)

    def bind(self) -> BoundQuery:
        """Return the query, bound."""
        query = self._query
        result, order = self._result_and_order()
        tests = [self._conditions.where(query.where)] if query.where else []
        tests += self._owned()
        return BoundQuery(
            table=self.scope.root,
            joins=tuple(self.scope.joins),
            result=result,
            where=bound.Joined("AND", tuple(tests)) if tests else None,
            order=order,
            limit=query.limit,
            offset=query.offset or 0,
        )

    def _result_and_order(
        self,
    ) -> tuple[bound.Record | bound.Groups | None, tuple[Sort, ...]]:
        query = self._query
        grouped = is_grouped(query)
        if grouped and self._depth:
            message = "only root queries support aggregate expressions"
            raise errors.malformed(self._text, query.source.path.at, message)
        if is_count(query):
            if query.order:
                raise errors.malformed(
                    self._text, query.order[0].key.at, "COUNT() cannot be ordered"
                )
            return None, ()
        if grouped:
            groups = Grouped(query, self.scope, self._literals)
            return groups.bind(), groups.order()
        record = Selection(query, self.scope, self._subquery).bind()
        return record, tuple(map(self._conditions.sort, query.order))

    def _subquery(self, query: Query) -> tuple[str, Children]:
        path = query.source.path
        *way, name = path.names
        own = not way or self.scope.split(path)[0] == ()
        found = self._child_relationship(name) if own else None
        if found is None:
            raise errors.no_such_child_relationship(self._text, path.at, str(path))
        spelling, sobject, lookup = found
        if self._depth + 1 >= _DEEPEST_SUBQUERY:
            message = f"subqueries can be nested to {_DEEPEST_SUBQUERY} levels"
            raise errors.malformed(self._text, path.at, message)
        inner = _Checked(query, self._schema, self._setting, self._text, sobject, self._depth + 1)
        children = Children(inner.bind(), Column((inner.scope.root,), lookup))
        return spelling, children

    def _child_relationship(self, name: str) -> tuple[str, SObject, Field] | None:
        found = self.scope.root.sobject.child_relationship(name)
        sobject = self._schema.find(found.child) if found else None
        lookup = sobject.field(found.field) if found and sobject else None
        return (found.name or name, sobject, lookup) if found and sobject and lookup else None

    def _owned(self) -> list[Test]:
        """Return what USING SCOPE demands; the one user of the org has neither team nor queue."""
        scope = self._query.scope
        if scope is None or scope.text.lower() in _SCOPES_OF_ALL:
            return []
        owner = self.scope.root.sobject.field("OwnerId")
        if owner is None or scope.text.lower() not in _SCOPES_OF_OWN:
            name = self.scope.root.sobject.name
            message = f"'{scope.text}' is not a supported scope of {name}"
            raise errors.malformed(self._text, scope.at, message)
        column = Column((self.scope.root,), owner)
        return [bound.Compare(column, "=", self._setting.user_id)]

    def _refuse_clauses(self) -> None:
        query = self._query
        if query.all_rows:
            message = "ALL ROWS not allowed in this context"
            raise errors.malformed(self._text, query.all_rows.at, message)
        if query.offset is not None and query.offset > _LARGEST_OFFSET:
            message = f"Maximum SOQL offset allowed is {_LARGEST_OFFSET}"
            raise Refusal("NUMBER_OUTSIDE_VALID_RANGE", message)
        for word in query.uses:
            self._refuse_unless(word, _USES)
        if len(query.filtering) > 1:
            message = "Data category filters are for articles and questions alone"
            raise errors.malformed(self._text, query.filtering[0].at, message)
        for word in query.filtering:
            self._refuse_unless(word, _MODES)

    def _refuse_unless(self, word: Name, known: frozenset[str]) -> None:
        if word.text.lower() not in known:
            raise errors.unexpected(self._text, word.at, word.text)
