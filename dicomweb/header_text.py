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
from archive.encodings import ITEM_END, PIXEL_DATA, UNDEFINED, ElementHeader, Encoding, encoding_of
from archive.errors import NotParsable
from archive.runs import Piece, Runs
from dicomweb.header_json import (
    PIXEL_REPRESENTATION,
    SPECIFIC_CHARACTER_SET,
    JsonDataSet,
    Reading,
    describe,
    describe_one,
)
from dicomweb.json_values import JsonElement

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
# Longer elements are seldom the same twice.
_LONGEST_KEPT: Final = 4096
_MOST_KEPT: Final = 20_000
# Stands in kept texts for the address of the instance; nobody who sends objects can know it.
_ADDRESS: Final = f"address-{secrets.token_hex(16)}"
_BULK_DATA: Final = f"{_ADDRESS}/bulkdata"
_RUN_HEADER: Final = 8
_CHANGE_READING: Final = frozenset({SPECIFIC_CHARACTER_SET, PIXEL_REPRESENTATION})
_FIRST_READING: Final = Reading(codec=codec_of(b""), signed=False)

# By tag; nothing for what metadata leave out.
_Texts = dict[int, bytes]


class _Learnt:
    """What is known of elements that are read in one way: by the encoding, the character set and the sign."""

    def __init__(self) -> None:
        # By their bytes; pixel data by its header alone, as nothing else of it counts.
        self.texts: dict[bytes, _Texts] = {}
        self.runs = Runs()


class HeaderTexts:
    """Writes the metadata of instances; used by one thread at a time."""

    def __init__(self) -> None:
        self._learnt: dict[tuple[int, Reading], _Learnt] = {}
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
        encoding = encoding_of(transfer_syntax_uid)
        walk = _Instance(self, buffer, len(buffer), encoding)
        try:
            walk.run()
        except (NotParsable, struct.error):
            walk.describe_rest()
        return _joined(walk.texts, transfer_syntax_uid, url)

    def write_from_beginning(self, content: bytes, size: int, transfer_syntax_uid: str, url: str) -> bytes | None:
        """Write an instance of which only the beginning is at hand; none where that does not hold all that is needed.

        Parameters
        ----------
        content
            The beginning of the data set.
        size
            Of the whole data set in bytes.
        transfer_syntax_uid, url
            As for `write`.
        """
        walk = _Instance(self, content, size, encoding_of(transfer_syntax_uid))
        try:
            walk.run()
        except (NotParsable, struct.error):
            return None
        return _joined(walk.texts, transfer_syntax_uid, url)

    def learnt(self, encoding: Encoding, reading: Reading) -> _Learnt:
        """Return what is known under these conditions."""
        if self._count > _MOST_KEPT:
            self._learnt.clear()
            self._count = 0
        key = (id(encoding), reading)
        if key not in self._learnt:
            self._learnt[key] = _Learnt()
        return self._learnt[key]

    def keep(self, learnt: _Learnt, key: bytes, texts: _Texts) -> None:
        """Keep the text of an element."""
        learnt.texts[key] = texts
        self._count += 1


class _Instance:
    """One walk over the elements of a data set, past its sequences."""

    def __init__(self, owner: HeaderTexts, buffer: bytes | memoryview, size: int, encoding: Encoding) -> None:
        self.texts: _Texts = {}
        self._owner = owner
        self._buffer = buffer
        self._size = size
        self._encoding = encoding
        self._reading = _FIRST_READING
        self._learnt = owner.learnt(encoding, self._reading)
        self._position = 0
        self._met = 0
        self._pieces: list[Piece] = []

    def run(self) -> None:
        """Write all elements.

        Raises
        ------
        NotParsable
            The data set is damaged, or not all of it is at hand.
        """
        buffer, read, last = self._buffer, self._encoding.element, self._size - 1
        # One last byte is no element: it makes the length of a data set even.
        while (position := self._position) < last:
            run = self._learnt.runs.known.get(bytes(buffer[position : position + _RUN_HEADER]))
            if run is not None and buffer[position : position + len(run.content)] == run.content:
                self.texts.update(run.values)
                self._position += len(run.content)
                self._met += 1
                continue
            header = read(cast("bytes", buffer), position)
            if header[0] == ITEM_END:
                break
            self._take(header)
        self._learn()

    def describe_rest(self) -> None:
        """Write what is damaged as far as it goes."""
        rest = memoryview(self._buffer)[self._position :]
        found, _ = describe(rest, self._encoding, _BULK_DATA, self._reading)
        self.texts |= _texts_of(found)

    def _take(self, header: ElementHeader) -> None:
        """Write the element that stands here."""
        tag, _, length, size = header
        end = self._end_of_undefined() if length == UNDEFINED else self._position + size + length
        if end > self._size:
            raise NotParsable("A data element is longer than the data set.")
        if tag == PIXEL_DATA and length != UNDEFINED:
            # Nothing of it but the header counts, which is all of it that is at hand.
            self.texts |= self._remembered(header, self._position + size)
        elif end > len(self._buffer):
            raise NotParsable("The data set goes on behind what is at hand.")
        elif tag in _CHANGE_READING or end - self._position > _LONGEST_KEPT:
            self._pieces.append(Piece(bytes(self._buffer[self._position : self._position + _RUN_HEADER]), None))
            self.texts |= self._made(header, end)
        else:
            self.texts |= self._remembered(header, end)
        self._position = end

    def _end_of_undefined(self) -> int:
        rest = memoryview(self._buffer)[self._position :]
        for token in tokens(rest, self._encoding):
            if token.kind in {Kind.PIXELS, Kind.FRAGMENTS} and not token.depth:
                return self._position + end_of_fragments(rest, token.position)
            if token.kind is Kind.SEQUENCE_END and not token.depth:
                return self._position + token.position
        raise NotParsable("A sequence has no end.")

    def _remembered(self, header: ElementHeader, end: int) -> _Texts:
        """Write an element, or take what was written when the same bytes stood there before."""
        key = bytes(self._buffer[self._position : end])
        texts = self._learnt.texts.get(key)
        if texts is None:
            texts = self._made(header, end)
            self._owner.keep(self._learnt, key, texts)
        # In a run all bytes count.
        self._pieces.append(Piece(key, None if header[0] == PIXEL_DATA else texts))
        return texts

    def _made(self, header: ElementHeader, end: int) -> _Texts:
        """Write an element; nothing for what metadata leave out."""
        tag, vr, length, _ = header
        part = memoryview(self._buffer)[self._position : end]
        if length == UNDEFINED or vr == b"SQ":
            made, reading = describe(part, self._encoding, _BULK_DATA, self._reading)
        else:
            made, reading = describe_one(part, header, self._encoding, _BULK_DATA, self._reading)
        # Those inside of sequences hold only there, or would stand at the wrong place.
        if tag in _CHANGE_READING and reading != self._reading:
            self._learn()
            self._reading = reading
            self._learnt = self._owner.learnt(self._encoding, reading)
        return _texts_of(made)

    def _learn(self) -> None:
        """Note what was read in one way up to here."""
        runs = self._learnt.runs
        if runs.is_learning:
            runs.learn(self._pieces)
        else:
            runs.met(self._met)
        self._pieces, self._met = [], 0


def _texts_of(data_set: JsonDataSet) -> _Texts:
    return {int(tag, 16): _text(tag, element) for tag, element in data_set.items()}


def _text(tag: str, element: JsonElement) -> bytes:
    return f'"{tag}":{_ENCODE(element)}'.encode("utf-8", "replace")


def _joined(texts: _Texts, transfer_syntax_uid: str, url: str) -> bytes:
    """Join the texts of an instance, with what metadata say of every instance."""
    texts[0x00080056] = b'"00080056":{"vr":"CS","Value":["ONLINE"]}'
    texts[0x00081190] = f'"00081190":{{"vr":"UR","Value":["{_ADDRESS}"]}}'.encode()
    texts[0x00083002] = f'"00083002":{{"vr":"UI","Value":["{transfer_syntax_uid}"]}}'.encode()
    text = b",".join([texts[tag] for tag in sorted(texts)])
    return b"{%b}" % text.replace(_ADDRESS.encode(), url.encode("utf-8", "replace"))
