"""Whether the files that `dicom.tls` names can be used: asked before anything starts."""

from config.sections import TlsSettings
from config.settings import Settings
from isocenter.failures import CannotStart
from routing.tls_contexts import TlsUnusable, acceptor_context, requestor_context


def check_certificates(settings: Settings) -> None:
    """Load certificates, key and authorities once.

    Raises
    ------
    CannotStart
        Naming the key and what is wrong with its file.
    """
    tls = settings.dicom.tls
    try:
        if tls.port is not None:
            acceptor_context(tls)
        if tls != TlsSettings():
            requestor_context(tls)
    except TlsUnusable as error:
        raise CannotStart(str(error)) from error
