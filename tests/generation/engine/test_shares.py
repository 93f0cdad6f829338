import pytest

from generation.engine.shares import Shares


def served(shares: Shares, costs: dict[tuple[int, ...], float], seconds: float) -> dict[tuple[int, ...], float]:
    """How long each group of jobs was at work, when always the group with the neediest job is next."""
    had = dict.fromkeys(costs, 0.0)
    while sum(had.values()) < seconds:
        group = min(costs, key=lambda each: min(shares.had(job_id) for job_id in each))
        shares.charge(group, costs[group])
        had[group] += costs[group]
    return had


def test_two_sizes_share_the_time_and_not_the_steps() -> None:
    shares = Shares()
    shares.enter(1, "a")
    shares.enter(2, "b")
    assert served(shares, {(1,): 0.1, (2,): 1.0}, 20) == pytest.approx({(1,): 10, (2,): 10}, abs=1)


def test_two_sizes_of_one_owner_share_the_time_too() -> None:
    shares = Shares()
    shares.enter(1, "a")
    shares.enter(2, "a")
    assert served(shares, {(1,): 0.1, (2,): 1.0}, 20) == pytest.approx({(1,): 10, (2,): 10}, abs=1)


def test_owners_who_share_a_forward_have_as_many_shares_and_one_with_many_jobs_has_one() -> None:
    shares = Shares()
    for job_id, owner in enumerate(("a", "b", "c", "d", "d", "d")):
        shares.enter(job_id, owner)
    had = served(shares, {(0, 1, 2): 1.0, (3, 4, 5): 1.0}, 40)
    assert had == pytest.approx({(0, 1, 2): 30, (3, 4, 5): 10}, abs=1)


def test_a_newcomer_starts_level_and_pays_for_its_part_alone() -> None:
    shares = Shares()
    shares.enter(1, "a")
    shares.charge([1], 100.0)
    shares.enter(2, "b")
    assert shares.had(2)[0] == shares.had(1)[0] == 100
    shares.leave(1)
    shares.charge([1, 2], 1.0)
    assert shares.had(2) == (100.5, 0.5)
    assert 1 not in shares
    shares.charge([2], 1.0)
    assert shares.had(2) == (101.5, 1.5)


def test_what_a_job_had_itself_is_not_what_others_of_its_owner_had_before() -> None:
    shares = Shares()
    shares.enter(1, "a")
    shares.charge([1], 100.0)
    shares.enter(2, "a")
    shares.charge([1, 2], 1.0)
    assert shares.own(1) == 100.5
    assert shares.own(2) == 0.5


def test_an_owner_pays_for_jobs_that_have_ended_while_others_of_theirs_go_on() -> None:
    shares = Shares()
    shares.enter(0, "patient")
    for job_id in range(1, 10):
        shares.enter(job_id, "busy")
        shares.charge([job_id], 1.0)
        shares.enter(job_id + 100, "busy")
        shares.leave(job_id)
    assert shares.had(109)[0] == 9


def test_whoever_comes_and_goes_is_not_first_each_time() -> None:
    shares = Shares()
    shares.enter(0, "patient")
    for job_id in range(1, 10):
        shares.enter(job_id, "restless")
        assert shares.had(job_id)[0] == job_id - 1
        shares.leave(job_id)
        shares.charge([job_id], 1.0)


def test_what_somebody_had_is_forgotten_once_all_who_stayed_had_as_much() -> None:
    shares = Shares()
    shares.enter(0, "patient")
    shares.enter(1, "restless")
    shares.charge([1], 3.0)
    shares.leave(1)
    shares.charge([0], 4.0)
    shares.enter(2, "restless")
    assert shares.had(2)[0] == 4
    shares.leave(2)
    shares.leave(0)
    shares.enter(3, "restless")
    assert shares.had(3)[0] == 0
