from random import Random

from bot.cli.soak import actions, faults


def test_the_seed_alone_chooses_the_actions() -> None:
    def chosen(seed: int) -> list[actions.Action]:
        random = Random(seed)
        return [actions.choose(random, users=10) for _ in range(50)]

    assert chosen(1) == chosen(1)
    assert chosen(1) != chosen(2)


def test_every_disturbance_happens_once_a_round() -> None:
    order = faults.order(Random(1), ["a", "b", "c"], rounds=2)
    assert sorted(order[:3]) == sorted(order[3:]) == ["a", "b", "c"]
