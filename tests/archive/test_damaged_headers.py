"""The header reader on data sets that were right once: it reads or refuses, and its work is in proportion to them."""

import struct

from hypothesis import example, given
from hypothesis import strategies as st

from archive.elements import Walk
from archive.encodings import encoding_of
from archive.header_attributes import WANTED
from archive.limits import Limits
from tests.archive.bytes_of import ITEM_END, SEQUENCE_END, UNDEFINED, identity, item, long, short
from tests.fuzz.data_sets import DEFLATED, DEFLATED_HERE, TRANSFER_SYNTAXES, read_data_set
from tests.fuzz.seeds import data_sets

SEEDS = sorted(set(data_sets()), key=len)
PRIVATE = 0x0009_1001
EXPLICIT = TRANSFER_SYNTAXES[0]
DEFLATED_AS_IT_IS = TRANSFER_SYNTAXES.index(DEFLATED)

# What stands where it should not, or says what is not so.
intruders = st.one_of(
    st.sampled_from(
        [
            ITEM_END,
            SEQUENCE_END,
            item(b"", UNDEFINED),
            item(b""),
            long(PRIVATE, b"SQ", b"", UNDEFINED),
            long(0x7FE0_0010, b"OB", b"", UNDEFINED),
            long(PRIVATE, b"UN", b"", UNDEFINED),
            long(PRIVATE, b"OB", b"", 0x7FFF_FFFF),
            struct.pack("<I", UNDEFINED),
            struct.pack(">I", UNDEFINED),
            identity(),
        ]
    ),
    st.binary(max_size=12),
)
Damage = list[tuple[int, int, bytes]]
damages = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 20), intruders), max_size=4)


def damaged(content: bytes, damage: Damage) -> bytes:
    result = bytearray(content)
    for position, removed, intruder in damage:
        at = position % (len(result) + 1)
        result[at : at + removed] = intruder
    return bytes(result)


@given(st.sampled_from(SEEDS), damages)
def test_a_damaged_data_set_is_read_or_refused(seed: bytes, damage: Damage) -> None:
    read_data_set(seed[:1] + damaged(seed[1:], damage))


@given(st.sampled_from(SEEDS), st.integers(0, 1 << 16))
def test_a_data_set_that_was_cut_off_is_read_or_refused(seed: bytes, length: int) -> None:
    read_data_set(seed[: 1 + length % len(seed)])


@given(st.sampled_from([seed for seed in SEEDS if seed[0] != DEFLATED_AS_IT_IS]), damages)
def test_what_was_deflated_here_is_no_more_dangerous(seed: bytes, damage: Damage) -> None:
    read_data_set(bytes([DEFLATED_HERE]) + damaged(seed[1:], damage))


class Counting:
    """A source that counts what is asked of it."""

    def __init__(self, content: bytes) -> None:
        self.size = len(content)
        self.reads = 0
        self._content = content

    def read(self, position: int, count: int) -> bytes:
        assert position >= 0
        self.reads += 1
        return self._content[position : position + count]


# Each is as bad as can be for one way to read.
repeated = st.sampled_from(
    [
        short(PRIVATE, b"LO", b""),
        short(0x0010_0010, b"PN", b"x" * 60_000),
        long(PRIVATE, b"OB", bytes(40_000)),
        long(PRIVATE, b"SQ", item(b"")),
        item(b""),
        item(bytes(300)),
        long(PRIVATE, b"SQ", item(short(PRIVATE, b"LO", b"ab") + ITEM_END, UNDEFINED) + SEQUENCE_END, UNDEFINED),
        long(0x7FE0_0010, b"OB", item(bytes(300)) * 3 + SEQUENCE_END, UNDEFINED),
        long(0x7FE0_0010, b"OB", item(bytes(40_000)) + SEQUENCE_END, UNDEFINED),
    ]
)


@given(st.lists(st.tuples(repeated, st.integers(1, 60)), min_size=1, max_size=5))
@example([(long(0x7FE0_0010, b"OB", item(bytes(300)) * 3 + SEQUENCE_END, UNDEFINED), 3_000)])
@example([(short(0x0010_0010, b"PN", b"x" * 20_000), 200)])
def test_the_work_is_in_proportion_to_the_size(parts: list[tuple[bytes, int]]) -> None:
    content = identity() + b"".join(part * times for part, times in parts)
    source = Counting(content)
    Walk(source, encoding_of(EXPLICIT), WANTED, Limits()).run()
    # A window is 256 bytes at least, and each begins where the last one ended or later.
    assert source.reads <= 3 + len(content) // 128
