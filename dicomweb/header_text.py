"""The metadata of many instances as JSON text, quickly: what was written for one element is not written again.

Slices of a series have nearly all of their elements in common, byte by byte. What `header_json` makes of an element
depends on its bytes, on the character set and on the sign of the pixels; so its text is kept under these.
"""

import json
import secrets
import struct
from typing import Final, cast

from archive.charsets import codec_of
from archive.element_stream import Kind, end_of_fragments, tokens
from archive.encodings import ITEM_END, UNDEFINED, Encoding, encoding_of
from archive.errors import NotParsable
from dicomweb.header_json import PIXEL_REPRESENTATION, SPECIFIC_CHARACTER_SET, Reading, describe

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
# Longer elements are seldom the same twice.
_LONGEST_KEPT: Final = 4096
_MOST_KEPT: Final = 20_000
# Stands in kept texts for the address of the instance; nobody who sends objects can know it.
_ADDRESS: Final = f"address-{secrets.token_hex(16)}"
_CHANGE_READING: Final = frozenset({SPECIFIC_CHARACTER_SET, PIXEL_REPRESENTATION})
_FIRST_READING: Final = Reading(codec=codec_of(b""), signed=False)

_Texts = dict[bytes, str]


class HeaderTexts:
    """Writes the metadata of instances; used by one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, Reading], _Texts] = {}
        self._count = 0

    def write(self, buffer: memoryview, transfer_syntax_uid: str, url: str) -> bytes:
        """Write an instance as a JSON object.

        Parameters
        ----------
        buffer
            The data set.
        transfer_syntax_uid
            How it is encoded.
        url
            Of the instance, as it may stand between quotes.
        """
        texts = _Instance(self, buffer, encoding_of(transfer_syntax_uid)).texts()
        texts[0x00080056] = '"00080056":{"vr":"CS","Value":["ONLINE"]}'
        texts[0x00081190] = f'"00081190":{{"vr":"UR","Value":["{_ADDRESS}"]}}'
        texts[0x00083002] = f'"00083002":{{"vr":"UI","Value":["{transfer_syntax_uid}"]}}'
        text = ",".join(texts[tag] for tag in sorted(texts))
        return f"{{{text.replace(_ADDRESS, url)}}}".encode("utf-8", "replace")

    def kept(self, encoding: Encoding, reading: Reading) -> _Texts:
        """Return the texts that hold under these conditions."""
        if self._count > _MOST_KEPT:
            self._kept.clear()
            self._count = 0
        return self._kept.setdefault((id(encoding), reading), {})

    def keep(self, texts: _Texts, key: bytes, text: str) -> None:
        """Keep the text of an element."""
        texts[key] = text
        self._count += 1


class _Instance:
    """One walk over the elements of a data set, past its sequences."""

    def __init__(self, owner: HeaderTexts, buffer: memoryview, encoding: Encoding) -> None:
        self._owner = owner
        self._buffer = buffer
        self._encoding = encoding
        self._reading = _FIRST_READING
        self._kept = owner.kept(encoding, self._reading)
        self._position = 0

    def texts(self) -> dict[int, str]:
        """Give `"TAG":{…}` of each element."""
        found: dict[int, str] = {}
        try:
            self._walk(found)
        except (NotParsable, struct.error):
            # What is damaged is shown as far as it goes.
            rest, _ = describe(self._buffer[self._position :], self._encoding, f"{_ADDRESS}/bulkdata", self._reading)
            found |= {int(tag, 16): f'"{tag}":{_ENCODE(element)}' for tag, element in rest.items()}
        return found

    def _walk(self, found: dict[int, str]) -> None:
        buffer, read, size = cast("bytes", self._buffer), self._encoding.element, len(self._buffer)
        # One last byte is no element: it makes the length of a data set even.
        while self._position < size - 1:
            tag, _, length, header = read(buffer, self._position)
            if tag == ITEM_END:
                return
            end = self._end_of_undefined() if length == UNDEFINED else self._position + header + length
            if end > size:
                raise NotParsable("A data element is longer than the data set.")
            text = self._text(tag, end)
            if text:
                found[tag] = text
            self._position = end

    def _end_of_undefined(self) -> int:
        rest = self._buffer[self._position :]
        for token in tokens(rest, self._encoding):
            if token.kind in {Kind.PIXELS, Kind.FRAGMENTS} and not token.depth:
                return self._position + end_of_fragments(rest, token.position)
            if token.kind is Kind.SEQUENCE_END and not token.depth:
                return self._position + token.position
        raise NotParsable("A sequence has no end.")

    def _text(self, tag: int, end: int) -> str:
        if end - self._position > _LONGEST_KEPT or tag in _CHANGE_READING:
            return self._made(tag, end)
        key = bytes(self._buffer[self._position : end])
        text = self._kept.get(key)
        if text is None:
            text = self._made(tag, end)
            self._owner.keep(self._kept, key, text)
        return text

    def _made(self, tag: int, end: int) -> str:
        """Write an element; nothing for what metadata leave out."""
        part = self._buffer[self._position : end]
        made, reading = describe(part, self._encoding, f"{_ADDRESS}/bulkdata", self._reading)
        # Those inside of sequences hold only there, or would stand at the wrong place.
        if tag in _CHANGE_READING:
            self._reading = reading
            self._kept = self._owner.kept(self._encoding, reading)
        return "".join(f'"{name}":{_ENCODE(element)}' for name, element in made.items())
