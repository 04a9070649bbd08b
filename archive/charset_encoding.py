"""Text into the character sets of PS3.3 Section C.12.1.1.2, with code extensions too: what `archive.charsets` reads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from archive.charsets import codec_of

_ASCII: Final = b"\x1b(B"
_HIGH: Final = 0x80
# At these the first character set is active again (PS3.5 Section 6.1.2.5.3).
_DELIMITERS: Final = frozenset("\r\n\f\t\\^=")
_HALF_WIDTH: Final = (0x8E, 0x8F)


@dataclass(frozen=True, slots=True)
class _Extension:
    """A character set of PS3.3 Tables C.12-3 and C.12-4.

    `left` sets take the place of ASCII, so that ASCII has to come back before a delimiter; the others stand beside it.
    """

    escape: bytes
    encode: Callable[[str], bytes]
    left: bool = False


def _one_byte(codec: str) -> Callable[[str], bytes]:
    return lambda character: character.encode(codec)


def _two_bytes(codec: str) -> Callable[[str], bytes]:
    def encode(character: str) -> bytes:
        encoded = character.encode(codec)
        return _wanted(character, encoded, len(encoded) == 2)  # noqa: PLR2004 - what the name says

    return encode


def _katakana(character: str) -> bytes:
    encoded = character.encode("shift_jis")
    return _wanted(character, encoded, len(encoded) == 1)


def _kanji(character: str) -> bytes:
    encoded = character.encode("euc_jp")
    right = len(encoded) == 2 and encoded[0] not in _HALF_WIDTH  # noqa: PLR2004 - JIS X 0208
    return bytes(byte ^ _HIGH for byte in _wanted(character, encoded, right))


def _more_kanji(character: str) -> bytes:
    encoded = character.encode("euc_jp")
    right = len(encoded) == 3 and encoded[0] == _HALF_WIDTH[1]  # noqa: PLR2004 - JIS X 0212
    return bytes(byte ^ _HIGH for byte in _wanted(character, encoded, right)[1:])


def _wanted(character: str, encoded: bytes, right: bool) -> bytes:  # noqa: FBT001 - three values of one check
    if not right:
        raise UnicodeEncodeError("dicom", character, 0, 1, "not in this character set")
    return encoded


_EXTENSIONS: Final = {
    "13": _Extension(b"\x1b)I", _katakana),
    "58": _Extension(b"\x1b$)A", _two_bytes("gb2312")),
    "87": _Extension(b"\x1b$B", _kanji, left=True),
    "100": _Extension(b"\x1b-A", _one_byte("latin_1")),
    "101": _Extension(b"\x1b-B", _one_byte("iso8859_2")),
    "109": _Extension(b"\x1b-C", _one_byte("iso8859_3")),
    "110": _Extension(b"\x1b-D", _one_byte("iso8859_4")),
    "126": _Extension(b"\x1b-F", _one_byte("iso8859_7")),
    "127": _Extension(b"\x1b-G", _one_byte("iso8859_6")),
    "138": _Extension(b"\x1b-H", _one_byte("iso8859_8")),
    "144": _Extension(b"\x1b-L", _one_byte("iso8859_5")),
    "148": _Extension(b"\x1b-M", _one_byte("iso8859_9")),
    "149": _Extension(b"\x1b$)C", _two_bytes("euc_kr")),
    "159": _Extension(b"\x1b$(D", _more_kanji, left=True),
    "166": _Extension(b"\x1b-T", _one_byte("iso8859_11")),
    "203": _Extension(b"\x1b-b", _one_byte("iso8859_15")),
}
_WITHOUT_EXTENSIONS: Final = frozenset({"ISO_IR 192", "GB18030", "GBK"})


def encode(text: str, specific_character_set: str) -> bytes:
    """Encode a text as a value of (0008,0005) says.

    Raises
    ------
    UnicodeEncodeError
        These character sets have not all of its characters, or are not known.
    """
    if text.isascii():
        return text.encode("ascii")
    terms = [term.strip() for term in specific_character_set.split("\\")]
    if terms[0] in _WITHOUT_EXTENSIONS:
        return text.encode(codec_of(terms[0].encode("ascii")))
    sets = [_EXTENSIONS.get(term.rpartition(" ")[2]) for term in terms]
    # A set alone is used without escape sequences; only those of one byte can be (PS3.3 Table C.12-2).
    extended = len(terms) > 1 or terms[0].startswith("ISO 2022")
    return _with_extensions(text, sets[0], [one for one in sets[1:] if one] if extended else [])


def _with_extensions(text: str, first: _Extension | None, more: Sequence[_Extension]) -> bytes:
    encoded = bytearray()
    left: _Extension | None = None
    right = first
    for character in text:
        if character.isascii():
            # Spaces too: PS3.5 Section 6.1.2.5.3 wants ASCII back before delimiters and at the end.
            encoded += (_ASCII if left else b"") + character.encode("ascii")
            left, right = None, first if character in _DELIMITERS else right
            continue
        chosen, content = _choose(character, first, more)
        if chosen.left:
            encoded += b"" if chosen is left else chosen.escape
            left = chosen
        else:
            encoded += (_ASCII if left else b"") + (b"" if chosen is right else chosen.escape)
            left, right = None, chosen
        encoded += content
    return bytes(encoded + (_ASCII if left else b""))


def _choose(character: str, first: _Extension | None, more: Sequence[_Extension]) -> tuple[_Extension, bytes]:
    for one in (first, *more):
        try:
            if one is not None:
                return one, one.encode(character)
        except UnicodeEncodeError:
            continue
    raise UnicodeEncodeError("dicom", character, 0, 1, "in none of the character sets")
