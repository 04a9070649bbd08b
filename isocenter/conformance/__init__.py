"""The DICOM conformance statement (PS3.2), generated from the running configuration, so that it promises what is so."""

from importlib.metadata import version

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


def statement(settings: Settings) -> str:
    """Write the statement as Markdown."""
    return as_markdown(_document(settings))


def statement_page(settings: Settings) -> str:
    """Write the statement as HTML."""
    return as_page(_document(settings))


def _document(settings: Settings) -> Document:
    """Put the sections of the template together."""
    return Document(
        title=f"DICOM conformance statement: Isocenter {version('isocenter')}",
        cover=(Text("Generated from the configuration of this node by `isocenter conformance`."),),
        sections=(
            overview.overview(settings),
            overview.introduction(),
            model(),
            section(
                "AE specification",
                associations(settings),
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
