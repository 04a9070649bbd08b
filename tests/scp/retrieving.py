"""C-MOVE and C-GET as tests ask for them: raw requests, their answers, and what an archive has to send."""

from pydicom import Dataset
from pydicom.uid import generate_uid

from archive.origin import Origin, OriginKind
from routing import dimse
from routing.dimse import Command, CommandField, Element
from routing.negotiation import Roles, UserInformation
from routing.peers import Peer
from scp import elements
from tests.scp.running import Node
from tests.scp.samples import CT_IMAGE_STORAGE, ct_image, write_file
from tests.scp.wire import EXPLICIT, Wire

PATIENT_ROOT_MOVE, PATIENT_ROOT_GET = "1.2.840.10008.5.1.4.1.2.1.2", "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_MOVE, STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.2.3"
PATIENT_STUDY_ONLY_MOVE, PATIENT_STUDY_ONLY_GET = "1.2.840.10008.5.1.4.1.2.3.2", "1.2.840.10008.5.1.4.1.2.3.3"
MESSAGE_ID = 5
CANCEL: Command = {0x0100: int(CommandField.C_CANCEL), 0x0120: MESSAGE_ID, 0x0800: 0x0101}
_TAGS = {"patient": 0x00100020, "study": 0x0020000D, "series": 0x0020000E, "sop": 0x00080018}


def keep(node: Node, *images: Dataset) -> None:
    """Put objects into the archive of a node."""
    for image in images:
        node.archive.receive_file(write_file(image, node.folder / "one.dcm"), Origin(kind=OriginKind.IMPORT))


def series_of(count: int, **changes: object) -> list[Dataset]:
    """Make images of one series."""
    same = {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid(), **changes}
    return [ct_image(**same, InstanceNumber=number) for number in range(1, count + 1)]


def peer(title: str, port: int, **changes: float) -> Peer:
    """Describe a destination on this machine."""
    return Peer(name=title, ae_title=title, host="127.0.0.1", port=port, calling_ae_title="ISOCENTER", **changes)  # type: ignore[arg-type]  # only times are changed


def identifier(level: str = "STUDY", **keys: str) -> bytes:
    """Encode an identifier in explicit VR little endian."""
    found = [elements.Element(tag=0x00080052, vr="CS", value=level.encode())]
    found += [
        elements.Element(tag=_TAGS[name], vr="LO" if name == "patient" else "UI", value=value.encode())
        for name, value in keys.items()
    ]
    return elements.write(found, implicit=False)


def move(node: Node, data_set: bytes, destination: str = "PACS1", *, model: str = STUDY_ROOT_MOVE) -> Wire:
    """Ask for a C-MOVE."""
    wire = Wire(node.connect())
    wire.associate({1: (model, (EXPLICIT,))})
    command = dimse.request(CommandField.C_MOVE, MESSAGE_ID, data_set=True)
    wire.command(1, {**command, 0x0002: model, 0x0600: destination, 0x0700: 1})
    wire.data(1, data_set)
    return wire


def get(node: Node, data_set: bytes, *, model: str = STUDY_ROOT_GET, as_scp: bool = True) -> Wire:
    """Ask for a C-GET of CT images, as their SCP or, as the standard does not have it, without saying so."""
    wire = Wire(node.connect())
    roles = {CT_IMAGE_STORAGE: Roles(scu=False, scp=True)} if as_scp else {}
    contexts = {1: (model, (EXPLICIT,)), 3: (CT_IMAGE_STORAGE, (EXPLICIT,))}
    wire.associate(contexts, user=UserInformation(max_pdu=16384, roles=roles))
    wire.command(1, {**dimse.request(CommandField.C_GET, MESSAGE_ID, data_set=True), 0x0002: model, 0x0700: 2})
    wire.data(1, data_set)
    return wire


def answers_of(wire: Wire) -> list[tuple[Command, bytes]]:
    """All responses to a request, up to the final one."""
    answers = [wire.answer()]
    while dimse.number(answers[-1][0], Element.STATUS) == 0xFF00:
        answers.append(wire.answer())
    wire.close()
    return answers


def final(wire: Wire) -> tuple[Command, bytes]:
    """The final response to a request."""
    return answers_of(wire)[-1]


def counts(command: Command) -> tuple[int, ...]:
    """Status and sub-operations completed, failed, with a warning."""
    fields = (Element.STATUS, Element.COMPLETED, Element.FAILED, Element.WARNING)
    return tuple(dimse.number(command, field) for field in fields)


def failed_list(data_set: bytes) -> set[str]:
    """The Failed SOP Instance UID List of a final response, which must be there."""
    (element,) = elements.read(data_set, implicit=False)
    assert element.tag == 0x00080058
    value = element.value.rstrip(b"\0").decode()
    return set(value.split("\\")) if value else set()
