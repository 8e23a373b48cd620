"""Background work takes turns, so that calls never wait for more than one step of it."""

from __future__ import annotations

import asyncio

from connectsql.emulator.org.tasks import Tasks


def test_of_many_tasks_one_makes_a_step_between_two_turns_of_the_loop() -> None:
    async def watched() -> list[tuple[int, int]]:
        tasks, turn = Tasks(), 0
        steps: list[tuple[int, int]] = []

        async def work(name: int) -> None:
            for _ in range(3):
                await tasks.give_way()
                steps.append((turn, name))

        for name in range(10):
            tasks.spawn(work(name))
        while len(steps) < 30:
            turn += 1
            await asyncio.sleep(0)
        return steps

    steps = asyncio.run(watched())
    assert len({turn for turn, _ in steps}) == 30
    assert [name for _, name in steps] == list(range(10)) * 3


def test_a_task_that_is_cancelled_in_its_turn_leaves_it_to_the_next() -> None:
    async def watched() -> bool:
        tasks = Tasks()

        async def work() -> None:
            while True:
                await tasks.give_way()

        tasks.spawn(work())
        await asyncio.sleep(0)
        await tasks.close()
        await asyncio.wait_for(tasks.give_way(), 10)
        return True

    assert asyncio.run(watched())
