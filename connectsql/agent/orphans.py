"""Takes back what was in the hands of an agent that is gone."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from connectsql.agent.verdicts import Unknown
from connectsql.database.connection import Connection, errors
from connectsql.database.rows import Rows
from connectsql.database.trigger_log import Orphan, TriggerLog

_log = logging.getLogger("connectsql.agent")


def adopt(connection: Connection, log: TriggerLog, rows: Mapping[str, Rows]) -> None:
    """Queue abandoned entries again; inserts that may have been done blindly are parked."""
    with errors("looking for abandoned claims"), connection.transaction():
        orphans = log.orphans()
        free = [one.id for one in orphans if not one.sent_blind]
        if free:
            log.requeue(free, delay=0, message=None, unsure=True)
        blind = [one for one in orphans if one.sent_blind]
        if blind:
            _park(log, rows, blind)


def _park(log: TriggerLog, rows: Mapping[str, Rows], blind: Sequence[Orphan]) -> None:
    _log.warning("parked as ambiguous: inserts=%d of an agent that is gone", len(blind))
    message = Unknown().message
    log.park_ambiguous([one.id for one in blind], message)
    for table in {one.table for one in blind}:
        refused = [(one.record_id, message) for one in blind if one.table == table]
        rows[table].note_refused(refused)
