"""Figures of several rounds: medians, spreads, goals."""

import pytest

from tests.benchmarks.figures import Finding, Goal, Spread


def test_a_spread_is_the_median_between_least_and_greatest() -> None:
    spread = Spread.of([30.0, 10.0, 20.0, 1000.0])
    assert (spread.median, spread.least, spread.greatest) == (25.0, 10.0, 1000.0)


def test_a_spread_of_one_round_shows_no_range() -> None:
    assert Spread.of([1234.4]).text("/s") == "1,234/s"


def test_a_spread_shows_its_range_with_the_same_digits() -> None:
    assert Spread.of([1.234, 5.0, 2.0]).text(" ms", digits=1) == "2.0 ms (1.2–5.0)"


@pytest.mark.parametrize(
    ("goal", "figure", "reached"),
    [
        (Goal(value=2.0), 2.0, True),
        (Goal(value=2.0), 1.99, False),
        (Goal(value=64, at_most=True), 64.0, True),
        (Goal(value=64, at_most=True), 64.1, False),
    ],
)
def test_a_goal_is_reached_on_its_right_side(goal: Goal, figure: float, reached: bool) -> None:
    assert goal.is_reached(figure) is reached


def test_a_finding_shows_its_goal_and_that_it_is_missed() -> None:
    found = Finding(what="growth", figure=70.0, text="70 MiB", goal=Goal(value=64, at_most=True, unit=" MiB"))
    assert found.row() == ("growth", "70 MiB", "–", "≤ 64 MiB", "**no**")


def test_a_finding_without_a_goal_is_neither_reached_nor_missed() -> None:
    assert Finding(what="rate", figure=1.0, text="1/s").row() == ("rate", "1/s", "–", "–", "–")
