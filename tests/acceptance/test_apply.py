"""`apply` as a process: killed in the middle it leaves nothing behind."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psycopg
import pytest
from support.catalog import catalog
from support.command import PATIENCE
from support.site import site
from support.somebody import somebody

from connectsql.emulator import start_in_thread

CONFIG = """
mappings:
  - {object: Account, access: read_write, fields: [Name]}
  - {object: Contact, access: read_write, fields: [LastName]}
"""
WAIT_IN_THE_MIDDLE = """
CREATE FUNCTION public.wait_in_the_middle() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_lock(7);
    PERFORM pg_advisory_unlock(7);
END $$;
CREATE EVENT TRIGGER wait_in_the_middle ON ddl_command_end WHEN TAG IN ('COMMENT')
EXECUTE FUNCTION public.wait_in_the_middle();
"""
WAITS = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND NOT granted"


@pytest.mark.every_postgres
def test_an_apply_that_is_killed_leaves_nothing_behind(tmp_path: Path, database: str) -> None:
    with (
        start_in_thread() as running,
        somebody(running.url) as org,
        site(tmp_path, database, org, CONFIG) as built,
        psycopg.connect(database) as before,
        psycopg.connect(database, autocommit=True) as holder,
    ):
        known = catalog(before, "salesforce")
        holder.execute(WAIT_IN_THE_MIDDLE)
        holder.execute("SELECT pg_advisory_lock(7)")
        changed = CONFIG.replace("[Name]", "[Name, Phone]").replace(
            "[LastName]", "[LastName, Email]"
        )
        (tmp_path / "connectsql.yaml").write_text(changed)
        with built.command.running("apply", "--yes") as process:
            until = time.monotonic() + PATIENCE
            while not built.query(WAITS):
                assert process.process.poll() is None, process.errors
                assert time.monotonic() < until
            process.signal(signal.SIGKILL)
            process.wait()
        holder.execute("SELECT pg_advisory_unlock(7)")
        # Another apply waits until Postgres has noticed, and finds everything to do.
        holder.execute("SELECT pg_advisory_lock(hashtextextended('connectsql.apply', 0))")
        holder.execute("SELECT pg_advisory_unlock(hashtextextended('connectsql.apply', 0))")
        assert catalog(before, "salesforce") == known
        built.command("apply", "--yes").ok()
        built.command("plan", "--check").ok()
