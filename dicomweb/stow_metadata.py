"""Storing objects that come as metadata and bulk data (PS3.18 Section 10.5.1.4): both go to the disk as they arrive.

Objects are put together when everything is there, because the standard does not say in which order parts come.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from archive.decoding import PixelWorker
from archive.errors import NodeError
from dicomweb.model_forms import JSON
from dicomweb.problems import Problem, bad_request
from dicomweb.stow_assembling import assemble, uids_of
from dicomweb.stow_bulk import BulkPart, BulkParts, uris_of
from dicomweb.stow_documents import Malformed, read_json, read_xml
from dicomweb.stow_keeping import BulkDataUnnamed, Keeping
from dicomweb.stow_parts import METADATA, PartHead
from dicomweb.stow_pieces import Pieces, Span

# Several times what the metadata of a series has; all of it is read for its brackets.
_MOST_METADATA_BYTES: Final = 128 << 20
_NOWHERE: Final = Span(0, 0)


class MetadataStoring:
    """Takes metadata and bulk data of one request; it works in one thread at a time.

    Parameters
    ----------
    keeping
        Keeps the objects.
    address
        Of the request: what relative references begin at.
    worker
        Reads pictures that no transfer syntax has.
    """

    def __init__(self, keeping: Keeping, address: str, worker: PixelWorker) -> None:
        self._worker = worker
        self._keeping = keeping
        self._pieces = Pieces(keeping.archive.blobs.spool_folder)
        self._bulk = BulkParts(address)
        self._documents: list[tuple[str, Span]] = []
        self._head = PartHead(media_type="")
        self._error: NodeError | None = None
        self._metadata_bytes = 0
        self._malformed = self._metadata_lost = False

    def begin(self, head: PartHead) -> None:
        """Start a part."""
        self._head, self._error = head, None
        try:
            self._keeping.archive.blobs.check_space()
            self._pieces.begin()
        except NodeError as error:
            self._error = error

    def write(self, data: bytes) -> None:
        """Take its next bytes.

        Raises
        ------
        Problem
            413 when there is too much metadata.
        """
        if self._head.media_type in METADATA:
            self._metadata_bytes += len(data)
            if self._metadata_bytes > _MOST_METADATA_BYTES:
                raise Problem(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    f"The metadata may have {_MOST_METADATA_BYTES} bytes; divide the objects over several requests.",
                )
        if self._error is None:
            try:
                self._pieces.write(data)
            except NodeError as error:
                self._error = error

    def end(self) -> None:
        """Note what has arrived, and where it is."""
        span = self._end_piece()
        if self._head.media_type in METADATA:
            if self._error is None:
                self._documents.append((self._head.media_type, span))
            else:
                self._metadata_lost = True
                self._keeping.fail(self._error)
            return
        part = BulkPart(
            media_type=self._head.media_type,
            transfer_syntax=self._head.parameters.get("transfer-syntax"),
            span=span,
            error=self._error,
        )
        self._bulk.add(self._head.location, part)

    def finish(self) -> None:
        """Put the objects together and keep them.

        Raises
        ------
        Problem
            400 when there is no metadata that can be read.
        """
        if not self._documents and not self._keeping.failed:
            raise bad_request("There is no metadata in the request.")
        for media_type, span in self._documents:
            for found in self._data_sets(media_type, span):
                self._store(found)
        if self._malformed and not self._keeping.stored and not any(one.is_named for one in self._keeping.failed):
            raise bad_request("The metadata is neither an array of data sets in JSON nor a data set in XML.")
        # What was lost may have named all others.
        for _ in range(0 if self._metadata_lost else self._bulk.count_unnamed()):
            self._keeping.fail(BulkDataUnnamed())

    def discard(self) -> None:
        """Remove what has arrived."""
        self._pieces.close()

    def _end_piece(self) -> Span:
        if self._error is None:
            try:
                return self._pieces.end()
            except NodeError as error:
                self._error = error
        return _NOWHERE

    def _data_sets(self, media_type: str, span: Span) -> Iterator[Any]:
        limits = self._keeping.archive.limits
        if media_type != JSON:
            yield read_xml(self._pieces, span, limits)
            return
        try:
            yield from read_json(self._pieces, span, limits)
        except Malformed as error:
            yield error

    def _store(self, found: Any) -> None:
        """Keep one object; what is wrong with it does not hurt the others."""
        self._malformed |= isinstance(found, Malformed)
        if isinstance(found, NodeError):
            self._keeping.fail(found)
            return
        uids = uids_of(found)
        try:
            self._bulk.claim(uris_of(found))
            spooled = assemble(self._keeping.archive, found, uids, self._pieces, self._bulk, worker=self._worker)
        except NodeError as error:
            self._keeping.fail(error, *uids)
        else:
            self._keeping.keep(spooled)
