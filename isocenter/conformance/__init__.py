"""The DICOM conformance statement (PS3.2), generated from the running configuration, so that it promises what is so."""

from collections.abc import Sequence
from importlib.metadata import version

from access.remote_aes import RemoteAE, Source
from config.settings import Settings
from isocenter.conformance import created_objects, overview, procedures, remote, surroundings
from isocenter.conformance.associations import associations
from isocenter.conformance.commitment import commitment
from isocenter.conformance.document import Document, Text, section
from isocenter.conformance.markdown import as_markdown
from isocenter.conformance.model import model
from isocenter.conformance.page import as_page
from isocenter.conformance.queries import queries
from isocenter.conformance.retrieval import retrieval
from isocenter.conformance.security import security
from isocenter.conformance.storage import storage
from isocenter.conformance.web import web
from isocenter.conformance.workitems import workitems


def statement(settings: Settings, remote_aes: Sequence[RemoteAE] = ()) -> str:
    """Write the statement as Markdown; `remote_aes` are those that the running node knows."""
    return as_markdown(_document(settings, remote_aes))


def statement_page(settings: Settings, remote_aes: Sequence[RemoteAE] = ()) -> str:
    """Write the statement as HTML; `remote_aes` are those that the running node knows."""
    return as_page(_document(settings, remote_aes))


def _document(settings: Settings, remote_aes: Sequence[RemoteAE]) -> Document:
    """Put the sections of the template together."""
    declared = {ae.name for ae in settings.ae}
    added = [ae for ae in remote_aes if ae.name not in declared and ae.source is Source.RUNTIME]
    return Document(
        title=f"DICOM conformance statement: Isocenter {version('isocenter')}",
        cover=(Text("Generated from the configuration of this node by `isocenter conformance`."),),
        sections=(
            overview.overview(settings),
            overview.introduction(),
            model(),
            section(
                "AE specification",
                associations(settings, added),
                remote.verification(),
                queries(),
                retrieval(),
                storage(settings),
                commitment(),
                procedures.worklist(),
                procedures.performed_steps(),
                workitems(),
                remote.availability(),
                remote.remote_archives(),
            ),
            web(settings),
            surroundings.interfaces(settings),
            surroundings.configuration(),
            surroundings.media(),
            surroundings.character_sets(),
            security(settings),
        ),
        annexes=(
            created_objects.created_objects(),
            created_objects.private_attributes(),
            created_objects.coded_terms(),
            created_objects.extensions(),
        ),
    )
