"""Text of data elements in the character sets of PS3.3 Section C.12.1.1.2, decoded so that nothing can fail.

Broken bytes become U+FFFD, unknown character sets are guessed, and characters that no database takes (NUL, lone
surrogates) are left out: the data set itself stays as sent, this is only the index.
"""

import re
from functools import lru_cache
from typing import Final

_ESCAPE: Final = b"\x1b"
DEFAULT: Final = "ascii"

# Defined terms of PS3.3 Tables C.12-2 to C.12-5 and Python's names for them; "ISO 2022 IR n" is "ISO_IR n" there.
_CODECS: Final = {
    "": DEFAULT,
    "ISO_IR 6": DEFAULT,
    "ISO_IR 100": "latin_1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 144": "iso8859_5",
    "ISO_IR 127": "iso8859_6",
    "ISO_IR 126": "iso8859_7",
    "ISO_IR 138": "iso8859_8",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 203": "iso8859_15",
    "ISO_IR 166": "iso8859_11",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 87": "iso2022_jp",
    "ISO_IR 159": "iso2022_jp_2",
    "ISO_IR 149": "euc_kr",
    "ISO_IR 58": "gb2312",
    "ISO_IR 192": "utf_8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
# Escape sequences of PS3.3 Tables C.12-3 and C.12-4, longest first, and the codec of what follows.
_SEQUENCES: Final = {
    b"\x1b$(D": "iso2022_jp_2",
    b"\x1b$)C": "euc_kr",
    b"\x1b$)A": "gb2312",
    b"\x1b$B": "iso2022_jp",
    b"\x1b$@": "iso2022_jp",
    b"\x1b(B": DEFAULT,
    b"\x1b(J": "shift_jis",
    b"\x1b)I": "shift_jis",
    b"\x1b-A": "latin_1",
    b"\x1b-B": "iso8859_2",
    b"\x1b-C": "iso8859_3",
    b"\x1b-D": "iso8859_4",
    b"\x1b-L": "iso8859_5",
    b"\x1b-G": "iso8859_6",
    b"\x1b-F": "iso8859_7",
    b"\x1b-H": "iso8859_8",
    b"\x1b-M": "iso8859_9",
    b"\x1b-b": "iso8859_15",
    b"\x1b-T": "iso8859_11",
}
_FRAGMENT: Final = re.compile(b"(" + b"|".join(re.escape(sequence) for sequence in _SEQUENCES) + b")")
# These two keep their escape sequence, and double-byte characters in them may contain bytes that look like delimiters.
_WITH_ESCAPES: Final = frozenset({"iso2022_jp", "iso2022_jp_2"})
# After these the first character set is active again (PS3.5 Section 6.1.2.5.3).
_DELIMITER: Final = re.compile(rb"(?=[\r\n\f\t\\^=])")
_UNWANTED: Final = re.compile("[\x00\ud800-\udfff]")
# Of a series most values are the same in all images.
_LONGEST_REMEMBERED: Final = 64


def codec_of(specific_character_set: bytes) -> str:
    """Return the codec of what stands before any escape sequence: that of the first value of (0008,0005).

    Where that is the default repertoire, bytes above it have no meaning there; senders that leave escape sequences out
    mean the next character set.
    """
    if len(specific_character_set) > _LONGEST_REMEMBERED:
        return _codec_of_terms.__wrapped__(specific_character_set)
    return _codec_of_terms(specific_character_set)


@lru_cache(maxsize=256)
def _codec_of_terms(specific_character_set: bytes) -> str:
    codecs = [_codec_of_term(term) for term in specific_character_set.split(b"\\")]
    if codecs[0] == DEFAULT:
        return next((codec for codec in codecs[1:] if codec not in _WITH_ESCAPES), DEFAULT)
    return codecs[0]


def _codec_of_term(value: bytes) -> str:
    term = value.decode("latin_1").strip(" \0").upper()
    # Terms are often misspelt: ISO-IR 100, ISO IR 100, ISO_IR_100, and ISO 2022 IR 100 without code extensions.
    number = re.fullmatch(r"ISO[ _-]?(?:2022[ _-])?IR[ _-]?(\d+)", term)
    return _CODECS.get(f"ISO_IR {number[1]}" if number else term, "utf_8")


def decode(value: bytes, codec: str) -> str:
    """Return the text of a value without padding.

    Parameters
    ----------
    value
        The value's bytes, all values of a multiple one, escape sequences included.
    codec
        What `codec_of` returned for the data set.
    """
    return _remembered(value, codec) if len(value) <= _LONGEST_REMEMBERED else _decode(value, codec)


@lru_cache(maxsize=2048)
def _remembered(value: bytes, codec: str) -> str:
    return _decode(value, codec)


def _decode(value: bytes, codec: str) -> str:
    if value.isascii() and _ESCAPE not in value:
        text = value.decode("ascii")
    elif _ESCAPE in value:
        text = "".join(_decode_fragments(value, codec))
    else:
        text = _decode_plain(value, codec)
    return _UNWANTED.sub("", text).strip() if "\0" in text or not text.isascii() else text.strip()


def _decode_fragments(value: bytes, first_codec: str) -> list[str]:
    """Decode a value with code extensions (PS3.5 Section 6.1.2.5) piece by piece."""
    before, *pieces = _FRAGMENT.split(value)
    texts = [_decode_plain(before, first_codec)]
    right = first_codec
    for sequence, content in zip(pieces[::2], pieces[1::2], strict=True):
        codec = _SEQUENCES[sequence]
        if codec in _WITH_ESCAPES:
            texts.append((sequence + content).decode(codec, "replace"))
            continue
        # Back to ASCII: letters above it are still of the set that stands beside it.
        right = right if codec == DEFAULT else codec
        head, *rest = _DELIMITER.split(content, maxsplit=1)
        texts.append(_decode_plain(head, right))
        texts.extend(_decode_plain(part, first_codec) for part in rest)
        right = first_codec if rest else right
    return texts


def _decode_plain(value: bytes, codec: str) -> str:
    if codec in _WITH_ESCAPES:
        # These begin in ASCII; bytes above it are not allowed before an escape sequence.
        codec = DEFAULT
    if codec == DEFAULT and not value.isascii():
        # Undeclared: UTF-8 recognizes itself, else the Western set that most such senders mean.
        return _guess(value)
    return value.decode(codec, "replace")


def _guess(value: bytes) -> str:
    try:
        return value.decode("utf_8")
    except UnicodeDecodeError:
        return value.decode("latin_1")
