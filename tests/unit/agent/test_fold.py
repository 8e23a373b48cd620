"""Folding: what waits for one record becomes what is sent for it."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from connectsql.agent.fold import Change, waves
from connectsql.database.trigger_log import Entry


def entry(id_: int, action: str, record: int = 1, **more: object) -> Entry:
    given = {"sfid": None, "values": None, "attempts": 1, "table": "account", **more}
    return Entry(id=id_, action=action, record_id=record, **given)  # type: ignore[arg-type]


def merged(*entries: Entry) -> list[list[Change]]:
    return waves(entries, lambda _: False)


def ordered(*entries: Entry) -> list[list[Change]]:
    return waves(entries, lambda _: True)


def shape(found: list[list[Change]]) -> list[list[tuple[str, list[int]]]]:
    return [[(one.action, one.ids) for one in wave] for wave in found]


def test_an_insert_takes_its_updates_along() -> None:
    found = merged(entry(1, "INSERT"), entry(2, "UPDATE", values={"name": "b"}))
    assert shape(found) == [[("INSERT", [1, 2])]]
    assert found[0][0].columns is None


def test_updates_fold_to_the_union_of_their_columns_and_the_last_values() -> None:
    [[change]] = merged(
        entry(1, "UPDATE", values={"name": "a", "phone": None}, sfid="001"),
        entry(2, "UPDATE", values={"name": "b"}),
    )
    assert change.columns == {"name", "phone"}
    assert change.values == {"name": "b", "phone": None}
    assert change.sfid == "001"


def test_a_delete_makes_what_was_before_it_pointless() -> None:
    assert shape(merged(entry(1, "INSERT"), entry(2, "UPDATE"), entry(3, "DELETE"))) == [
        [("DELETE", [1, 2, 3])]
    ]


def test_a_row_made_again_after_a_delete_goes_in_the_next_wave() -> None:
    assert shape(merged(entry(1, "DELETE"), entry(2, "INSERT"), entry(3, "INSERT", 2))) == [
        [("DELETE", [1]), ("INSERT", [3])],
        [("INSERT", [2])],
    ]


def test_ordered_sends_each_change_on_its_own() -> None:
    assert shape(ordered(entry(1, "INSERT"), entry(2, "UPDATE"), entry(3, "UPDATE", 2))) == [
        [("INSERT", [1]), ("UPDATE", [3])],
        [("UPDATE", [2])],
    ]


def test_the_same_id_in_two_tables_is_two_records() -> None:
    assert shape(merged(entry(1, "INSERT"), entry(2, "INSERT", table="contact"))) == [
        [("INSERT", [1]), ("INSERT", [2])]
    ]


_ENTRIES = st.lists(
    st.tuples(st.sampled_from(["INSERT", "UPDATE", "DELETE"]), st.integers(1, 4)), max_size=25
).map(lambda drawn: [entry(i, action, record) for i, (action, record) in enumerate(drawn, 1)])


@given(_ENTRIES, st.booleans())
def test_nothing_is_lost_doubled_or_reordered(entries: list[Entry], in_order: bool) -> None:
    found = waves(entries, lambda _: in_order)
    sent = [id_ for wave in found for change in wave for id_ in change.ids]
    assert sorted(sent) == [one.id for one in entries]
    for record in {one.record_id for one in entries}:
        ids = [i for wave in found for c in wave if c.record_id == record for i in c.ids]
        assert ids == sorted(ids)
    for wave in found:
        records = [change.record_id for change in wave]
        assert len(records) == len(set(records))


def test_an_update_whose_values_are_not_known_may_have_changed_any_column() -> None:
    [[change]] = merged(entry(1, "UPDATE", values={"name": "a"}), entry(2, "UPDATE"))
    assert (change.columns, change.values) == (None, None)


def test_a_change_follows_its_row_to_another_id_and_the_claim_still_knows_it() -> None:
    [[change]] = merged(
        entry(1, "INSERT", sent_at=datetime(2026, 1, 1, tzinfo=UTC)), entry(2, "UPDATE", values={})
    )
    moved = change.follow({2: 7})
    assert (moved.record_id, moved.claimed_id) == (7, 1)
    assert [one and one.record_id for one in moved.split()] == [7, 7]
    assert moved.follow({2: 7}) is moved
    assert change.follow({}) is change
