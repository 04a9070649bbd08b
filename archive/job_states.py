"""The states of a job and of a study, and how the one follows from the other."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class JobState(StrEnum):
    """States of a job; beside each the state of the UPS workitem that it stands for (PS3.4 Section CC.1.1)."""

    PENDING = "PENDING"  # SCHEDULED
    ANALYZING = "ANALYZING"  # IN PROGRESS
    COMPLETE = "COMPLETE"  # COMPLETED
    FAILED = "FAILED"  # CANCELED, with the reason
    SKIPPED = "SKIPPED"  # CANCELED, with the reason
    CANCELED = "CANCELED"  # CANCELED


class StudyState(StrEnum):
    """The roll-up of a study's jobs."""

    RECEIVING = "RECEIVING"
    PENDING = "PENDING"
    ANALYZING = "ANALYZING"
    COMPLETE = "COMPLETE"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


ENDED: Final = frozenset({JobState.COMPLETE, JobState.FAILED, JobState.SKIPPED, JobState.CANCELED})
REPEATABLE: Final = frozenset({JobState.FAILED, JobState.SKIPPED, JobState.CANCELED})


def study_state(counts: Mapping[JobState, int], *, receiving: bool) -> StudyState:
    """Return the state of a study.

    Parameters
    ----------
    counts
        How many of its present jobs are in each state.
    receiving
        Whether one of its series is not complete yet.
    """
    if counts.get(JobState.ANALYZING):
        return StudyState.ANALYZING
    if counts.get(JobState.PENDING):
        # Some of the work is done already: to the reader, the study is being analysed.
        return StudyState.ANALYZING if counts.get(JobState.COMPLETE) else StudyState.PENDING
    if receiving:
        return StudyState.RECEIVING
    return _ended_state(counts)


def _ended_state(counts: Mapping[JobState, int]) -> StudyState:
    complete = counts.get(JobState.COMPLETE, 0)
    failed = counts.get(JobState.FAILED, 0)
    if complete and (failed or counts.get(JobState.CANCELED, 0)):
        return StudyState.PARTIAL
    if complete:
        return StudyState.COMPLETE
    return StudyState.FAILED if failed else StudyState.SKIPPED
