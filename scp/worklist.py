"""Modality worklist: C-FIND of scheduled procedure steps (PS3.4 Annex K)."""

from archive import scheduling_query
from archive.database import Database
from archive.scheduling_attributes import SUPPORTED
from scp.attribute_find import DEFAULT_MAX_MATCHES, AttributeFind
from scp.contexts import MODALITY_WORKLIST_FIND


class Worklist(AttributeFind):
    """The worklist service.

    Parameters
    ----------
    database
        Where the entries are.
    max_matches
        More are not sent: the answer ends with "out of resources".
    """

    verb = "worklist"

    def __init__(self, database: Database, *, max_matches: int = DEFAULT_MAX_MATCHES) -> None:
        super().__init__(database, scheduling_query.page, SUPPORTED, max_matches=max_matches)

    def serves(self, abstract_syntax: str) -> bool:
        """Serve the Modality Worklist Information Model."""
        return abstract_syntax == MODALITY_WORKLIST_FIND
