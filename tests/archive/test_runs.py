"""What data sets have in common is not read again, and nothing else changes by that."""

from hypothesis import given
from hypothesis import strategies as st

from archive.elements import Walk
from archive.encodings import EXPLICIT_LITTLE
from archive.header_attributes import WANTED
from archive.limits import Limits
from archive.runs import Runs
from tests.archive.bytes_of import identity, item, long, short
from tests.archive.test_damaged_headers import Counting
from tests.fuzz.data_sets import REFUSALS

PATIENT_NAME = 0x0010_0010
INSTANCE_NUMBER = 0x0020_0013
PIXELS = long(0x7FE0_0010, b"OW", bytes(512))


def many(group: int, value: bytes) -> bytes:
    return b"".join(short((group << 16) + 0x1000 + number, b"LO", value) for number in range(40))


def image(number: int, *, name: bytes = b"Doe^Jane") -> bytes:
    patient = short(PATIENT_NAME, b"PN", name)
    varying = short(INSTANCE_NUMBER, b"IS", str(number).rjust(4).encode())
    return identity() + patient + many(0x0019, b"scanner ") + varying + many(0x0029, b"scanner ") + PIXELS


def read(content: bytes, runs: Runs) -> dict[int, bytes] | None:
    steps: dict[bytes, tuple[int, int | None, int]] = {}
    try:
        return Walk(Counting(content), EXPLICIT_LITTLE, WANTED, Limits(), steps, runs).run()
    except REFUSALS:
        return None


def test_an_image_like_those_before_is_read_by_its_runs() -> None:
    runs = Runs()
    for number in range(2):
        read(image(number), runs)
    assert sum(run.count for run in runs.known.values()) > 80
    walk = Walk(Counting(image(2)), EXPLICIT_LITTLE, WANTED, Limits(), {}, runs)
    values = walk.run()
    assert values[INSTANCE_NUMBER] == b"   2"
    assert values[PATIENT_NAME] == b"Doe^Jane"
    # Those that vary, and the pixels.
    assert len(walk._starts) < 4


def test_what_comes_to_differ_is_learnt_anew() -> None:
    runs = Runs()
    for number in range(3):
        read(image(number), runs)
    known = runs.known
    for number in range(5):
        found = read(image(number, name=b"Roe^John"), runs)
        assert found
        assert found[PATIENT_NAME] == b"Roe^John"
    assert runs.known != known
    assert not runs.is_learning


def test_another_kind_of_object_is_learnt_too() -> None:
    runs = Runs()
    for number in range(3):
        read(image(number), runs)
    for number in range(6):
        read(identity() + many(0x0043, b"another ") + short(INSTANCE_NUMBER, b"IS", b"%4d" % number) + PIXELS, runs)
    assert any(b"another" in run.content for run in runs.known.values())


# Elements in any order and number, some of them broken.
element = st.sampled_from(
    [
        short(PATIENT_NAME, b"PN", b"Doe^Jane"),
        short(PATIENT_NAME, b"PN", b"Roe^John"),
        short(INSTANCE_NUMBER, b"IS", b"1 "),
        short(INSTANCE_NUMBER, b"IS", b"22"),
        long(0x0040_0275, b"SQ", item(short(0x0040_1001, b"SH", b"R1"))),
        long(0x0040_0275, b"SQ", item(short(0x0040_1001, b"SH", b"R2"))),
        long(0x0040_0275, b"SQ", b"") + item(short(0x0040_1001, b"SH", b"R3")),
        long(0x0009_1001, b"UN", b"private "),
        short(0x0009_1002, b"LO", b"x" * 20_000),
        short(0x0009_1002, b"LO", b"longer than it is")[:-4],
        b"\xfe\xff\x0d\xe0\x00\x00\x00\x00",
    ]
)
body = st.lists(element, max_size=12)


@given(st.lists(st.tuples(body, st.integers(1, 4)), min_size=1, max_size=5))
def test_values_and_refusals_are_those_of_a_first_reading(objects: list[tuple[list[bytes], int]]) -> None:
    runs = Runs()
    for parts, times in objects:
        for number in range(times):
            content = (
                identity()
                + many(0x0019, b"scanner ")
                + b"".join(parts)
                + short(INSTANCE_NUMBER, b"IS", b"%2d" % number)
            )
            assert read(content, runs) == read(content, Runs())
