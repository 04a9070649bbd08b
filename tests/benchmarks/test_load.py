"""The load: what it sends, and what it counts."""

import io
from collections.abc import Callable

import pydicom
import pytest
from pydicom.uid import CTImageStorage, MRImageStorage

from tests.benchmarks import series
from tests.benchmarks.client import command_set, succeeded
from tests.benchmarks.load import run
from tests.benchmarks.nothing import receiver_of_nothing
from tests.benchmarks.receivers import Receiver
from tests.benchmarks.rounds import in_order


def _decoded(data_set: bytes) -> pydicom.Dataset:
    # Without file meta information the reader guesses the encoding; Explicit VR is recognized by its second element.
    return pydicom.dcmread(io.BytesIO(data_set), force=True)


@pytest.mark.parametrize(
    ("template", "sop_class_uid", "size"),
    [(series.ct_slice, CTImageStorage, 512), (series.mr_image, MRImageStorage, 64)],
)
def test_objects_of_a_series_are_whole_and_numbered(
    template: Callable[[], series.Template], sop_class_uid: str, size: int
) -> None:
    made = template().series(3)
    objects = list(made.instances(range(3)))
    for number, one in enumerate(objects):
        ds = _decoded(one.data_set)
        assert ds.SOPClassUID == one.sop_class_uid == sop_class_uid
        assert ds.SOPInstanceUID == one.sop_instance_uid == made.sop_instance_uid(number)
        assert (ds.StudyInstanceUID, ds.SeriesInstanceUID) == (made.study_instance_uid, made.series_instance_uid)
        assert ds.InstanceNumber == 1_000_000 + number
        assert len(ds) == series.HEADER_ELEMENTS
        assert (ds.Rows, ds.Columns, len(ds.PixelData)) == (size, size, size * size * 2)
    assert len({one.sop_instance_uid for one in objects}) == 3


def test_series_of_one_template_differ() -> None:
    template = series.mr_image()
    assert template.series(1).study_instance_uid != template.series(1).study_instance_uid


@pytest.mark.parametrize("associations", [1, 4])
def test_every_object_is_sent_once_and_answered(associations: int) -> None:
    with receiver_of_nothing(associations) as port:
        told: list[str] = []
        measured = run(
            port,
            series.mr_image().series(50),
            associations=associations,
            called="NOTHING",
            when_open=lambda: told.append("open"),
            when_done=lambda: told.append("done"),
        )
    assert told == ["open", "done"]
    assert (measured.instances, measured.failures) == (50, 0)
    assert len(measured.latencies) == 50
    assert measured.seconds >= max(measured.latencies)
    assert measured.percentile_ms(50) <= measured.percentile_ms(99)


def test_an_answer_with_another_status_is_a_failure() -> None:
    assert succeeded(command_set("1.2", [(0x0900, 0)]))
    assert not succeeded(command_set("1.2", [(0x0900, 0xA700)]))
    assert not succeeded(command_set("1.2", []))


def test_receivers_take_turns_in_alternating_order() -> None:
    receivers = [Receiver(name=name, port=1, called="X", pid=1) for name in "ABC"]
    orders = ["".join(receiver.name for receiver in in_order(receivers, number)) for number in range(3)]
    assert orders == ["ABC", "CBA", "ABC"]
