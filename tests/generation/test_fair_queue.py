import asyncio

from generation.fair_order import OVERTAKING
from generation.fair_queue import FairQueue
from generation.jobs import Draw, Job
from generation.settings import GenerationSettings


def job(job_id: int, owner: str, count: int = 1) -> Job:
    settings = GenerationSettings(prompt="a fox", seed=job_id, model="pocket", width=128, height=128, count=count)
    return Job(job_id, owner, Draw(settings))


def anything(_: Job) -> bool:
    return True


async def test_owners_take_turns() -> None:
    queue = FairQueue()
    for job_id in range(1, 5):
        queue.put(job(job_id, "greedy"))
    queue.put(job(10, "patient"))
    queue.put(job(20, "late"))
    queue.put(job(11, "patient"))
    assert queue.positions() == {1: 1, 10: 2, 20: 3, 2: 4, 11: 5, 3: 6, 4: 7}
    taken = [(await queue.take(anything)).id for _ in range(7)]
    assert taken == [1, 10, 20, 2, 11, 3, 4]


async def test_whoever_had_a_turn_goes_behind_those_who_had_none() -> None:
    queue = FairQueue()
    queue.put(job(1, "a"))
    queue.put(job(2, "a"))
    assert (await queue.take(anything)).id == 1
    queue.put(job(3, "b"))
    queue.put(job(4, "a"))
    assert [(await queue.take(anything)).id for _ in range(3)] == [2, 3, 4]


async def test_take_waits_for_a_job_and_for_room() -> None:
    queue, room = FairQueue(), [False]
    taking = asyncio.create_task(queue.take(lambda _: room[0]))
    queue.put(job(1, "a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not taking.done()
    room[0] = True
    queue.recheck()
    assert (await taking).id == 1


async def test_when_the_next_job_leaves_the_one_behind_it_is_looked_at() -> None:
    queue = FairQueue()
    queue.put(job(1, "a"))
    queue.put(job(2, "b"))
    taking = asyncio.create_task(queue.take(lambda each: each.id == 2))
    await asyncio.sleep(0)
    queue.remove(1)
    assert (await taking).id == 2


async def test_small_jobs_of_others_go_before_a_large_one_that_has_no_room_but_not_for_ever() -> None:
    queue, room = FairQueue(), [1]

    def fits(each: Job) -> bool:
        return each.task.pictures <= room[0]

    queue.put(job(1, "large", count=4))
    queue.put(job(2, "large"))
    for job_id in range(10, 20):
        queue.put(job(job_id, f"owner {job_id % 2}"))
    assert [(await queue.take(fits)).id for _ in range(OVERTAKING)] == [10, 11, 12, 13]
    waiting = asyncio.create_task(queue.take(fits))
    await asyncio.sleep(0)
    assert not waiting.done()
    room[0] = 4
    queue.recheck()
    assert (await waiting).id == 1
    assert (await queue.take(fits)).id == 14


async def test_what_is_drawn_beside_the_others_waits_behind_none_that_lacks_room() -> None:
    queue = FairQueue(beside=lambda each: each.task.pictures == 1)
    queue.put(job(1, "large", count=4))
    for job_id in range(10, 13 + OVERTAKING):
        queue.put(job(job_id, f"owner {job_id}"))
    queue.put(job(2, "other", count=2))
    fitting = [(await queue.take(lambda each: each.id != 1)).id for _ in range(3 + OVERTAKING)]
    assert fitting == list(range(10, 13 + OVERTAKING))
    assert (await queue.take(lambda each: each.id != 1)).id == 2, "nobody has overtaken the large one yet"


async def test_remove_takes_out_one_job_once() -> None:
    queue = FairQueue()
    queue.put(job(1, "a"))
    queue.put(job(2, "b"))
    assert queue.remove(1)
    assert not queue.remove(1)
    assert queue.positions() == {2: 1}


async def test_who_takes_looks_again_before_jobs_are_checked() -> None:
    queue, looks = FairQueue(), list[int]()
    queue.put(job(1, "a"))
    taking = asyncio.create_task(queue.take(lambda _: len(looks) > 1, lambda: looks.append(1)))
    await asyncio.sleep(0)
    assert not taking.done()
    queue.recheck()
    assert (await taking).id == 1
    assert len(looks) == 2
