"""Every input that the fuzzers keep is run again, and every one that once failed; no fuzzer is needed for that."""

import pytest

from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import FOLDER, TARGETS, Target

_LARGEST_CORPUS = 300_000


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_corpus_does_no_harm(target: Target) -> None:
    paths = sorted(target.corpus.iterdir())
    assert len(paths) > 10
    for path in paths:
        target.run(path.read_bytes())


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_the_fuzzers_begin_with_does_no_harm(target: Target) -> None:
    seeds = list(SEEDS[target.name]())
    assert len(seeds) > 3
    for seed in seeds:
        assert len(seed) <= target.longest
        target.run(seed)


@pytest.mark.parametrize(
    ("target", "name"),
    [(target, path.name) for target in TARGETS if target.crashes.is_dir() for path in sorted(target.crashes.iterdir())],
    ids=lambda value: value.name if isinstance(value, Target) else value[:16],
)
def test_what_once_failed_does_not_fail_again(target: Target, name: str) -> None:
    target.run((target.crashes / name).read_bytes())


def test_the_corpus_stays_small() -> None:
    assert sum(path.stat().st_size for path in (FOLDER / "corpus").rglob("*")) < _LARGEST_CORPUS
