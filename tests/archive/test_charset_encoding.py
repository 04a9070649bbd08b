"""What is encoded is what `archive.charsets` decodes; the bytes are those of PS3.5 Annexes H to K."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.charset_encoding import encode
from archive.charsets import codec_of, decode
from tests.archive.test_charsets import JAPANESE, KOREAN


@pytest.mark.parametrize(
    ("text", "charset", "encoded"),
    [
        ("Doe^Jane", "", b"Doe^Jane"),
        ("Buc^Jérôme", "ISO_IR 100", b"Buc^J\xe9r\xf4me"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "\\ISO 2022 IR 87", JAPANESE),
        ("ﾔﾏﾀﾞ^ﾀﾛｳ=山田", "ISO 2022 IR 13\\ISO 2022 IR 87", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(B"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "\\ISO 2022 IR 149", KOREAN),
        ("Zhang=张^小", "\\ISO 2022 IR 58", b"Zhang=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1"),
        ("Jé^Лю^é", "ISO 2022 IR 100\\ISO 2022 IR 144", b"J\xe9^\x1b-L\xbb\xee^\xe9"),
        ("王^小东", "GB18030", "王^小东".encode("gb18030")),
    ],
)
def test_text_is_encoded_as_the_standard_shows(text: str, charset: str, encoded: bytes) -> None:
    assert encode(text, charset) == encoded


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("Müller", ""),
        ("山田", "ISO_IR 100"),
        ("山田", "ISO_IR 13"),
        ("Müller", "\\ISO 2022 IR 87"),
        ("山田", "ISO 2022 IR 100"),
        ("Müller", "NONSENSE"),
        ("山田", "ISO_IR 100\\NONSENSE"),
    ],
)
def test_what_a_character_set_does_not_have_is_refused(text: str, charset: str) -> None:
    with pytest.raises(UnicodeEncodeError):
        encode(text, charset)


CHARSETS = [
    *(f"ISO_IR {number}" for number in (13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 192, 203)),
    *(f"\\ISO 2022 IR {number}" for number in (13, 58, 87, 100, 101, 109, 110, 126, 127, 138, 144, 148, 149, 159)),
    "ISO 2022 IR 13\\ISO 2022 IR 87\\ISO 2022 IR 159",
    "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126",
    "\\ISO 2022 IR 166",
    "\\ISO 2022 IR 203",
    "GB18030",
    "GBK",
]
LETTERS = "Aé^ ŁşЖΩבعกÄ=ﾔﾏ山田\\鷗丂李홍길동张小東€ñ^"


@pytest.mark.parametrize("charset", CHARSETS)
@given(text=st.text(alphabet=LETTERS, max_size=12))
def test_what_can_be_encoded_is_decoded_again(charset: str, text: str) -> None:
    try:
        encoded = encode(text, charset)
    except UnicodeEncodeError:
        return
    assert decode(encoded, codec_of(charset.encode())) == text.strip()
