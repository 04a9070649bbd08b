"""What the results of one analyzer run have in common."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydicom.dataset import Dataset

from analysis.analyzers import Analyzer
from analysis.findings import Code
from analysis.results.uids import uid_of
from analysis.series import SeriesInput


class SRClass(StrEnum):
    """SOP class of a report, as `sr_class` of a remote AE names it."""

    COMPREHENSIVE_3D = "comprehensive3d"
    COMPREHENSIVE = "comprehensive"
    ENHANCED = "enhanced"

    @property
    def uid(self) -> str:
        """SOP Class UID."""
        return _SR_UIDS[self]


_SR_UIDS = {
    SRClass.COMPREHENSIVE_3D: "1.2.840.10008.5.1.4.1.1.88.34",
    SRClass.COMPREHENSIVE: "1.2.840.10008.5.1.4.1.1.88.33",
    SRClass.ENHANCED: "1.2.840.10008.5.1.4.1.1.88.22",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """Identity of the model that made a result (PS3.16 TID 4019, TID 1004).

    Attributes
    ----------
    registered_as
        Name in the registry, where one model is registered under several, each with its own results.
    """

    name: str
    version: str
    manufacturer: str
    family: Code
    is_mock: bool = False
    parameters: tuple[str, ...] = ()
    registered_as: str = ""

    @classmethod
    def of(cls, analyzer: Analyzer, parameters: tuple[str, ...] = (), *, registered_as: str = "") -> "Algorithm":
        """Take it from an analyzer."""
        return cls(
            name=analyzer.name,
            version=analyzer.version,
            manufacturer=analyzer.manufacturer,
            family=analyzer.family,
            is_mock=analyzer.is_mock,
            parameters=parameters,
            registered_as=registered_as,
        )

    @property
    def device_uid(self) -> str:
        """UID of the model as a device; it changes when the version does."""
        return uid_of("device", self.manufacturer, self.name, self.version)

    @property
    def series_description(self) -> str:
        """Series Description of every result (LO: 64 characters)."""
        if self.is_mock:
            return f"MOCK: not for clinical use ({self.name} AI)"[:64]
        return f"AI {self.name} {self.version}"[:64]

    @property
    def series_number_base(self) -> int:
        """Number that no modality gives: from 90010, ten for each model."""
        digest = hashlib.sha256(self.name.encode()).digest()
        return 90010 + int.from_bytes(digest[:2], "big") % 900 * 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One run of a model over one series.

    Attributes
    ----------
    created
        When the run was asked for, with time zone. It becomes Content Date and Time, so that a repeated attempt
        gives the same bytes.
    predecessor
        The report that this one follows, if the series was analyzed before.
    """

    algorithm: Algorithm
    series: SeriesInput
    created: datetime
    sr_class: SRClass = SRClass.COMPREHENSIVE_3D
    predecessor: Dataset | None = None
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        inputs = sorted({item.sop_instance_uid for item in self.series.slices})
        previous = str(self.predecessor.SOPInstanceUID) if self.predecessor is not None else ""
        digest = hashlib.sha256("\n".join([*inputs, previous]).encode()).hexdigest()
        object.__setattr__(self, "fingerprint", digest)

    def uid(self, *parts: object) -> str:
        """Give the UID of a part of this run; it follows from study, model, version and input set."""
        model = self.algorithm
        other = [model.registered_as] if model.registered_as not in {"", model.name} else []
        return uid_of(self.series.study_instance_uid, model.name, model.version, self.fingerprint, *parts, *other)

    def tracking_uid(self, identifier: str) -> str:
        """Give the Tracking UID of a finding, the same in SR and SEG."""
        return self.uid("tracking", identifier)
