"""Character sets of requests and responses (PS3.3 Section C.12.1.1.2, PS3.4 Section C.2.2.2)."""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from archive import charset_encoding
from archive.charsets import codec_of

UTF8: Final = "ISO_IR 192"
_ASCII: Final = "ascii"
# Half-width letters only; Python's codec of it would go on with two bytes for all others.
_KATAKANA: Final = "shift_jis"

Encode: TypeAlias = Callable[[str], bytes]


def response_encoding(texts: str, requested: str) -> tuple[str, Encode]:
    """Choose the Specific Character Set for `texts` and what encodes it.

    A peer reads what it asks in, so that set is used where it has the characters, code extensions included; an old
    modality may know nothing else. UTF-8, which has them all, is the answer otherwise.

    Parameters
    ----------
    texts
        All text of the response.
    requested
        Value of (0008,0005) in the request, or what is configured for the peer; empty for the default repertoire.

    Returns
    -------
    tuple
        Value of (0008,0005), empty for the default repertoire, and the function from text to bytes.
    """
    encode = partial(charset_encoding.encode, specific_character_set=requested)
    try:
        encode(texts)
    except UnicodeEncodeError:
        return UTF8, str.encode
    return requested, encode


def response_charset(texts: str, requested: str) -> tuple[str, str]:
    """Choose the Specific Character Set for `texts` and Python's codec for it, without code extensions.

    Parameters
    ----------
    texts, requested
        As for `response_encoding`.

    Returns
    -------
    tuple of str
        Value of (0008,0005), empty for the default repertoire, and the codec: that of the request if it can hold the
        values, else UTF-8, which can hold any.
    """
    if texts.isascii():
        return requested, _ASCII
    # With code extensions the escapes depend on delimiters; UTF-8 says the same without them.
    if requested and "\\" not in requested and "2022" not in requested:
        codec = codec_of(requested.encode("ascii", "replace"))
        try:
            texts.encode(codec)
        except UnicodeEncodeError:
            return UTF8, "utf-8"
        if codec != _KATAKANA:
            return requested, codec
    return UTF8, "utf-8"
