import pytest

from generation.engine.scheduling.fair_share import FairShare


def served(fair_share: FairShare, costs: dict[tuple[int, ...], float], seconds: float) -> dict[tuple[int, ...], float]:
    """How long each group of jobs was at work, when always the group with the neediest job is next."""
    had = dict.fromkeys(costs, 0.0)
    while sum(had.values()) < seconds:
        group = min(costs, key=lambda each: min(fair_share.had(job_id) for job_id in each))
        fair_share.charge(group, costs[group])
        had[group] += costs[group]
    return had


def test_two_sizes_share_the_time_and_not_the_steps() -> None:
    fair_share = FairShare()
    fair_share.enter(1, "a")
    fair_share.enter(2, "b")
    assert served(fair_share, {(1,): 0.1, (2,): 1.0}, 20) == pytest.approx({(1,): 10, (2,): 10}, abs=1)


def test_two_sizes_of_one_owner_share_the_time_too() -> None:
    fair_share = FairShare()
    fair_share.enter(1, "a")
    fair_share.enter(2, "a")
    assert served(fair_share, {(1,): 0.1, (2,): 1.0}, 20) == pytest.approx({(1,): 10, (2,): 10}, abs=1)


def test_owners_who_share_a_forward_have_as_many_shares_and_one_with_many_jobs_has_one() -> None:
    fair_share = FairShare()
    for job_id, owner in enumerate(("a", "b", "c", "d", "d", "d")):
        fair_share.enter(job_id, owner)
    had = served(fair_share, {(0, 1, 2): 1.0, (3, 4, 5): 1.0}, 40)
    assert had == pytest.approx({(0, 1, 2): 30, (3, 4, 5): 10}, abs=1)


def test_a_newcomer_starts_level_and_pays_for_its_part_alone() -> None:
    fair_share = FairShare()
    fair_share.enter(1, "a")
    fair_share.charge([1], 100.0)
    fair_share.enter(2, "b")
    assert fair_share.had(2)[0] == fair_share.had(1)[0] == 100
    fair_share.leave(1)
    fair_share.charge([1, 2], 1.0)
    assert fair_share.had(2) == (100.5, 0.5)
    assert 1 not in fair_share
    fair_share.charge([2], 1.0)
    assert fair_share.had(2) == (101.5, 1.5)


def test_what_a_job_had_itself_is_not_what_others_of_its_owner_had_before() -> None:
    fair_share = FairShare()
    fair_share.enter(1, "a")
    fair_share.charge([1], 100.0)
    fair_share.enter(2, "a")
    fair_share.charge([1, 2], 1.0)
    assert fair_share.own(1) == 100.5
    assert fair_share.own(2) == 0.5


def test_an_owner_pays_for_jobs_that_have_ended_while_others_of_theirs_go_on() -> None:
    fair_share = FairShare()
    fair_share.enter(0, "patient")
    for job_id in range(1, 10):
        fair_share.enter(job_id, "busy")
        fair_share.charge([job_id], 1.0)
        fair_share.enter(job_id + 100, "busy")
        fair_share.leave(job_id)
    assert fair_share.had(109)[0] == 9


def test_whoever_comes_and_goes_is_not_first_each_time() -> None:
    fair_share = FairShare()
    fair_share.enter(0, "patient")
    for job_id in range(1, 10):
        fair_share.enter(job_id, "restless")
        assert fair_share.had(job_id)[0] == job_id - 1
        fair_share.leave(job_id)
        fair_share.charge([job_id], 1.0)


def test_what_somebody_had_is_forgotten_once_all_who_stayed_had_as_much() -> None:
    fair_share = FairShare()
    fair_share.enter(0, "patient")
    fair_share.enter(1, "restless")
    fair_share.charge([1], 3.0)
    fair_share.leave(1)
    fair_share.charge([0], 4.0)
    fair_share.enter(2, "restless")
    assert fair_share.had(2)[0] == 4
    fair_share.leave(2)
    fair_share.leave(0)
    fair_share.enter(3, "restless")
    assert fair_share.had(3)[0] == 0
