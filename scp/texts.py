"""Character sets of requests and responses (PS3.3 Section C.12.1.1.2, PS3.4 Section C.2.2.2)."""

from typing import Final

from archive.charsets import codec_of

UTF8: Final = "ISO_IR 192"
_ASCII: Final = "ascii"


def response_charset(texts: str, requested: str) -> tuple[str, str]:
    """Choose the Specific Character Set for `texts` and the codec that encodes it.

    Parameters
    ----------
    texts
        All text of the response.
    requested
        Value of (0008,0005) in the request, or what is configured for the peer; empty for the default repertoire.

    Returns
    -------
    tuple of str
        Defined term for (0008,0005), empty for the default repertoire, and Python's codec: that of the request if it
        can hold the values, else UTF-8, which can hold any.
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
        return requested, codec
    return UTF8, "utf-8"
