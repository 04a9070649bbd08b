"""What is sent: series of objects that differ in their UIDs and Instance Numbers, made without parsing each."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from pydicom import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage

from isocenter.demo.phantom import PhantomOptions, phantom_datasets
from tests.acceptance.peers.objects import encoded

HEADER_ELEMENTS: Final = 120
_DIGITS: Final = 37
_STUDY: Final = "2.25.1" + "0" * _DIGITS
_SERIES: Final = "2.25.2" + "0" * _DIGITS
_FIRST: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One object to send: its identity, and its data set as encoded in Explicit VR Little Endian."""

    sop_class_uid: str
    sop_instance_uid: str
    data_set: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """`count` objects of one series; `pieces` is the data set around SOP Instance UID and Instance Number."""

    sop_class_uid: str
    study_instance_uid: str
    series_instance_uid: str
    count: int
    pieces: tuple[bytes, bytes, bytes]

    def sop_instance_uid(self, number: int) -> str:
        """Return the UID of one of its objects, counted from 0."""
        return f"{self.series_instance_uid}.{_FIRST + number}"

    def instances(self, numbers: Iterable[int]) -> Iterator[Instance]:
        """Yield some of its objects."""
        head, middle, tail = self.pieces
        for number in numbers:
            uid = self.sop_instance_uid(number)
            data_set = b"".join((head, uid.encode(), middle, str(_FIRST + number).encode(), tail))
            yield Instance(sop_class_uid=self.sop_class_uid, sop_instance_uid=uid, data_set=data_set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An encoded object that series are made of."""

    sop_class_uid: str
    data_set: bytes

    @classmethod
    def of(cls, ds: Dataset) -> Self:
        """Encode a data set; its UIDs and its Instance Number become places to fill."""
        ds.StudyInstanceUID, ds.SeriesInstanceUID = _STUDY, _SERIES
        ds.SOPInstanceUID, ds.InstanceNumber = f"{_SERIES}.{_FIRST}", _FIRST
        return cls(sop_class_uid=ds.SOPClassUID, data_set=encoded(ds))

    def series(self, count: int) -> Series:
        """Return a new series of a new study."""
        study, series = (_STUDY[:6] + _random_digits(), _SERIES[:6] + _random_digits())
        content = self.data_set.replace(_STUDY.encode(), study.encode()).replace(_SERIES.encode(), series.encode())
        head, _, rest = content.partition(f"{series}.{_FIRST}".encode())
        middle, _, tail = rest.partition(str(_FIRST).encode())
        return Series(
            sop_class_uid=self.sop_class_uid,
            study_instance_uid=study,
            series_instance_uid=series,
            count=count,
            pieces=(head, middle, tail),
        )


def ct_slice() -> Template:
    """Return a CT slice of 512x512 with about as many header elements as a scanner writes."""
    return Template.of(_scanner_like())


def mr_image() -> Template:
    """Return an MR image of 64x64 with the same number of header elements."""
    ds = _scanner_like()
    ds.SOPClassUID, ds.Modality, ds.SeriesDescription = MRImageStorage, "MR", "Diffusion"
    ds.Rows = ds.Columns = 64
    ds.PixelData = ds.PixelData[: 64 * 64 * 2]
    return Template.of(ds)


def _scanner_like() -> Dataset:
    ds = next(iter(phantom_datasets(PhantomOptions(slices=40))))
    ds.SOPClassUID = CTImageStorage
    ds.add_new((0x0019, 0x0010), "LO", "ISOCENTER BENCHMARK")
    for number in range(HEADER_ELEMENTS - len(ds)):
        ds.add_new((0x0019, 0x1000 + number), "LO", f"PRIVATE {number}")
    return ds


def _random_digits() -> str:
    return str(secrets.randbelow(10**_DIGITS)).zfill(_DIGITS)
