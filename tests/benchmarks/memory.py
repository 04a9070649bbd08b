"""How much a listener grows while one very large object arrives."""

from pathlib import Path
from typing import Final

from pydicom import Dataset
from pydicom.uid import MultiFrameGrayscaleWordSecondaryCaptureImageStorage as MultiFrame
from pydicom.uid import generate_uid

from tests.acceptance.peers.objects import ct_slice, encoded
from tests.benchmarks.client import Client, succeeded
from tests.benchmarks.figures import Finding, Goal
from tests.benchmarks.load import fragment_size, p_data, store_command
from tests.benchmarks.processes import forget_peak, resident_bytes
from tests.benchmarks.receivers import as_receiver, node
from tests.benchmarks.rounds import say, settle, warm_up
from tests.benchmarks.series import Instance, mr_image

_MEBIBYTE: Final = 1 << 20
_FRAME_BYTES: Final = 512 * 512 * 2
_GOAL: Final = Goal(value=64, at_most=True, unit=" MiB")


def findings(folder: Path, *, size: int) -> list[Finding]:
    """Send one object with `size` bytes of pixel data and compare the listeners' memory before with its peak."""
    with node(folder) as started:
        receiver = as_receiver(started)
        warm_up(receiver, mr_image())
        settle([receiver])
        listeners = started.children("dicom")
        before = {pid: resident_bytes(pid) for pid in listeners}
        for pid in listeners:
            forget_peak(pid)
        say(f"memory: sending an object of {size // _MEBIBYTE:,} MiB")
        _send_large(receiver.port, receiver.called, size)
        growth = max(resident_bytes(pid, peak=True) - before[pid] for pid in listeners) / _MEBIBYTE
    what = f"growth of a listener's resident memory while an object of {size // _MEBIBYTE:,} MiB arrives"
    return [Finding(what=what, figure=growth, text=f"{growth:.1f} MiB", goal=_GOAL)]


def _send_large(port: int, called: str, size: int) -> None:
    """Store an object whose pixel data are the same bytes again and again: they need not be kept here either."""
    ds = _multi_frame(size // _FRAME_BYTES)
    head = encoded(ds) + b"\xe0\x7f\x10\x00OW\0\0" + size.to_bytes(4, "little")
    instance = Instance(sop_class_uid=MultiFrame, sop_instance_uid=ds.SOPInstanceUID, data_set=head)
    with Client(port, called=called, sop_class_uid=MultiFrame) as client:
        room = fragment_size(client)
        whole, rest = divmod(size, room)
        fragment = p_data(0, bytes(room))
        client.socket.sendall(store_command(instance, 0) + p_data(0, head))
        for _ in range(whole):
            client.socket.sendall(fragment)
        if not succeeded(client.exchange(p_data(2, bytes(rest)))):
            raise SystemExit("the large object was refused")
        client.release()


def _multi_frame(frames: int) -> Dataset:
    return ct_slice(
        SOPClassUID=MultiFrame,
        SOPInstanceUID=generate_uid(),
        Modality="OT",
        NumberOfFrames=frames,
        Rows=512,
        Columns=512,
        PixelData=None,
    )
