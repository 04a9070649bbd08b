"""Text in the character sets of PS3.3 Section C.12.1.1.2; the examples are those of PS3.5 Annexes H, I, J and K."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.charsets import codec_of, decode

KOREAN = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"
JAPANESE = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"
JAPANESE_KATAKANA = (
    b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J"
)


@pytest.mark.parametrize(
    ("charset", "value", "text"),
    [
        (b"", b"Doe^Jane ", "Doe^Jane"),
        (b"ISO_IR 100", b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
        (b"ISO_IR 101", b"Wa\xb3\xeasa", "Wałęsa"),
        (b"ISO_IR 144", b"\xbb\xee\xda\xe1\xd5\xdc\xd1\xe3\xe0\xd3", "Люксембург"),
        (b"ISO_IR 127", b"\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1", "قباني^لنزار"),
        (b"ISO_IR 126", b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος"),
        (b"ISO_IR 138", b"\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4", "שרון^דבורה"),
        (b"ISO_IR 166", b"\xca\xc1\xcb\xd2\xc2", "สมหาย"),
        (b"ISO_IR 203", b"\xa4 \xbd", "€ œ"),
        (b"ISO_IR 192", "Wang^XiaoDong=王^小東".encode(), "Wang^XiaoDong=王^小東"),
        (b"GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),
        (b"GBK", "Wang^XiaoDong=王^小东".encode("gbk"), "Wang^XiaoDong=王^小东"),
        (b"\\ISO 2022 IR 149", KOREAN, "Hong^Gildong=洪^吉洞=홍^길동"),
        (b"\\ISO 2022 IR 87", JAPANESE, "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (b"ISO 2022 IR 13\\ISO 2022 IR 87", JAPANESE_KATAKANA, "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
        (b"\\ISO 2022 IR 58", b"Zhang=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1", "Zhang=张^小"),
        (b"ISO 2022 IR 100\\ISO 2022 IR 144", b"J\xe9^\x1b-L\xbb\xee^\xe9", "Jé^Лю^é"),
    ],
)
def test_text_is_decoded_by_its_character_set(charset: bytes, value: bytes, text: str) -> None:
    assert decode(value, codec_of(charset)) == text


@pytest.mark.parametrize(
    "spelling", [b"ISO-IR 100", b"ISO IR 100 ", b"ISO_IR_100", b"iso_ir 100", b"ISO 2022 IR 100\0"]
)
def test_misspelt_character_sets_are_understood(spelling: bytes) -> None:
    assert decode(b"J\xe9", codec_of(spelling)) == "Jé"


@pytest.mark.parametrize(
    ("charset", "value", "text"),
    [
        (b"\\ISO 2022 IR 58", b"Zhang=\xd5\xc5^\xd0\xa1", "Zhang=张^小"),
        (b"\\ISO 2022 IR 149", b"Hong=\xfb\xf3^\xd1\xce", "Hong=洪^吉"),
        (b"ISO 2022 IR 6\\ISO 2022 IR 100", b"J\xe9", "Jé"),
    ],
)
def test_escape_sequences_that_were_left_out_are_supplied(charset: bytes, value: bytes, text: str) -> None:
    assert decode(value, codec_of(charset)) == text


def test_undeclared_text_is_guessed() -> None:
    assert decode("Müller".encode(), codec_of(b"")) == "Müller"
    assert decode(b"M\xfcller", codec_of(b"")) == "Müller"


def test_wrongly_declared_text_keeps_what_can_be_read() -> None:
    assert decode(b"A\xfc\xffB", codec_of(b"ISO_IR 192")) == "A\ufffd\ufffdB"


@given(
    st.binary(),
    st.sampled_from(["", "ISO_IR 192", "GB18030", "\\ISO 2022 IR 87", "\\ISO 2022 IR 149", "junk", "ISO_IR 13"]),
)
def test_any_bytes_become_text_that_every_database_takes(value: bytes, charset: str) -> None:
    text = decode(value, codec_of(charset.encode()))
    assert "\0" not in text
    text.encode()


@given(st.binary())
def test_any_bytes_may_stand_as_the_character_set(charset: bytes) -> None:
    decode(b"J\xe9", codec_of(charset))


def test_long_lists_of_terms_are_not_kept_in_memory() -> None:
    tracemalloc.start()
    try:
        for number in range(250):
            assert codec_of(b"ISO_IR %d\\" % number + b" " * 16_000)
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()
