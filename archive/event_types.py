"""What can happen, one class a type. A class's docstring is its documentation; its fields are the message's `data`.

Ids in `data` are text, as everywhere in the API.
"""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationRejected:
    """A peer was refused an association; at most one message a second for the same peer and reason."""

    type: ClassVar[str] = "association.rejected"
    calling_ae_title: str
    called_ae_title: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStored:
    """Instances of a series were stored: `count` since the series' last message, `total` so far."""

    type: ClassVar[str] = "instance.stored"
    count: int
    total: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesComplete:
    """A series was quiet for long enough. Late images start it anew, and it completes again."""

    type: ClassVar[str] = "series.complete"
    instances: int
    modality: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPending:
    """A job waits for a worker."""

    type: ClassVar[str] = "job.pending"
    analyzer: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAnalyzing:
    """A worker began an attempt; a repeated attempt is announced again."""

    type: ClassVar[str] = "job.analyzing"
    analyzer: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """An attempt got on: `percent` from 0 to 100, and what it is doing."""

    type: ClassVar[str] = "job.progress"
    analyzer: str
    attempt: int
    percent: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobComplete:
    """A job ended well; its results were announced before."""

    type: ClassVar[str] = "job.complete"
    analyzer: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailed:
    """A job's last attempt failed; sent once a job."""

    type: ClassVar[str] = "job.failed"
    analyzer: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSkipped:
    """A series is not analysed: no analyzer takes it (`analyzer` is empty), or the analyzer found it unfit."""

    type: ClassVar[str] = "job.skipped"
    analyzer: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCanceled:
    """A job was called off."""

    type: ClassVar[str] = "job.canceled"
    analyzer: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultStored:
    """A result object was stored."""

    type: ClassVar[str] = "result.stored"
    result_id: str
    sop_instance_uid: str
    modality: str
    analyzer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultAccepted:
    """A person accepted a result: `sop_instance_uid` is the verified report, `predecessor_uid` the accepted one."""

    type: ClassVar[str] = "result.accepted"
    result_id: str
    sop_instance_uid: str
    modality: str
    analyzer: str
    predecessor_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRejected:
    """A person rejected a result; it is not shown to other systems any more."""

    type: ClassVar[str] = "result.rejected"
    result_id: str
    sop_instance_uid: str
    modality: str
    analyzer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSuperseded:
    """A newer result took the place of this one.

    `result_id` and `sop_instance_uid` name the older object, and so does `predecessor_uid`, as the newer object does
    in its Predecessor Documents Sequence; `successor_uid` is the newer object, or null where only the run is newer.
    """

    type: ClassVar[str] = "result.superseded"
    result_id: str
    sop_instance_uid: str
    modality: str
    analyzer: str
    predecessor_uid: str
    successor_uid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySent:
    """A destination took an object."""

    type: ClassVar[str] = "delivery.sent"
    delivery_id: str
    destination: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryConfirmed:
    """A destination was asked, and has the object."""

    type: ClassVar[str] = "delivery.confirmed"
    delivery_id: str
    destination: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed:
    """An attempt to deliver failed; `final` when it is not repeated by itself."""

    type: ClassVar[str] = "delivery.failed"
    delivery_id: str
    destination: str
    sop_instance_uid: str
    reason: str
    attempt: int
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureStepChanged:
    """A modality began, changed or ended a procedure step: `IN PROGRESS`, `COMPLETED` or `DISCONTINUED`."""

    type: ClassVar[str] = "procedure-step.changed"
    sop_instance_uid: str
    state: str
    modality: str
    station_ae_title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDeleted:
    """A study was removed with all that belongs to it."""

    type: ClassVar[str] = "study.deleted"
    instances: int


Event: TypeAlias = (
    AssociationRejected
    | InstanceStored
    | SeriesComplete
    | JobPending
    | JobAnalyzing
    | JobProgress
    | JobComplete
    | JobFailed
    | JobSkipped
    | JobCanceled
    | ResultStored
    | ResultAccepted
    | ResultRejected
    | ResultSuperseded
    | DeliverySent
    | DeliveryConfirmed
    | DeliveryFailed
    | ProcedureStepChanged
    | StudyDeleted
)
