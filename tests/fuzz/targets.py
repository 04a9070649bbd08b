"""What is fuzzed: functions that take any bytes and fail only where the node would."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz.association import read_messages
from tests.fuzz.data_sets import read_data_set, read_file_meta
from tests.fuzz.negotiation import negotiate, read_command

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One function under attack.

    Parameters
    ----------
    name
        Name of its folders.
    run
        Takes an input; any exception is a finding.
    longest
        Largest input in bytes: long enough for every limit that is looked for.
    """

    name: str
    run: Callable[[bytes], None]
    longest: int

    @property
    def corpus(self) -> Path:
        """Inputs that reach different code, kept for the next run and for the tests."""
        return FOLDER / "corpus" / self.name

    @property
    def crashes(self) -> Path:
        """Inputs that once failed."""
        return FOLDER / "crashes" / self.name


TARGETS: Final = (
    Target(name="association", run=read_messages, longest=70_000),
    Target(name="associate", run=negotiate, longest=4_096),
    Target(name="command", run=read_command, longest=512),
    Target(name="data_set", run=read_data_set, longest=16_384),
    Target(name="file_meta", run=read_file_meta, longest=1_024),
)
