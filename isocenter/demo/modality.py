"""The simulated modality: makes a CT chest phantom, sends it by C-STORE, and finds its report by C-FIND."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pydicom import Dataset

from archive.retrieve import StoredInstance
from isocenter.demo.phantom import PhantomOptions, fresh_study_uid, phantom_datasets
from isocenter.part10 import describe
from routing import dimse
from routing.delivery import deliver
from routing.dimse import CommandField, Element
from routing.exchange import context_for, responses
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from routing.peers import Peer
from routing.requestor import number_contexts, open_association
from routing.sender import Outcome

TITLE = "MODALITY1"
SLICES = 120
_STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"


class Modality:
    """A CT scanner without a gantry.

    Parameters
    ----------
    folder
        Where it keeps the study it made.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._made: list[StoredInstance] = []
        self.study_uid = fresh_study_uid()

    def path(self, key: str) -> Path:
        """Give the file of an image, as the sender asks for it."""
        return self._folder / key

    def scan(self) -> Iterator[Path]:
        """Make the study, image by image; the one before is removed."""
        for old in self._folder.glob("*.dcm"):
            old.unlink()
        now = datetime.now().astimezone()
        options = PhantomOptions(
            slices=SLICES, seed=int(now.strftime("%y%m%d%H%M%S")), study_uid=self.study_uid, acquired=now
        )
        for number, dataset in enumerate(phantom_datasets(options), start=1):
            path = self._folder / f"IM{number:04d}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            self._made.append(describe(path))
            yield path

    def send(self, node: Peer) -> Iterator[Outcome]:
        """Send the study over one association."""
        return deliver(node, self._made, self)

    @staticmethod
    def find(node: Peer, **keys: str) -> Sequence[Dataset]:
        """Ask the node by C-FIND, Study Root (PS3.4 Annex C.6.2)."""
        syntaxes = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
        association = open_association(node, number_contexts([(_STUDY_ROOT_FIND, syntaxes)]))
        try:
            context = context_for(association, _STUDY_ROOT_FIND)
            command = dimse.request(CommandField.C_FIND, association.next_message_id(), data_set=True)
            command[Element.AFFECTED_SOP_CLASS_UID] = _STUDY_ROOT_FIND
            command[Element.PRIORITY] = dimse.PRIORITY_MEDIUM
            identifier = Dataset()
            for keyword, value in keys.items():
                setattr(identifier, keyword, value)
            answers = responses(association, context, command, identifier) if context else ()
            return [dataset for _, _, dataset in answers if dataset is not None]
        finally:
            association.release()
