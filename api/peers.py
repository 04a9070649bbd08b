"""Remote AEs as handlers call them."""

from http import HTTPStatus

from access import remote_aes
from access.principals import Principal
from access.remote_aes import RemoteAE
from api.dependencies import WebDependencies
from api.problems import Problem
from routing.peers import Peer
from routing.tls_contexts import requestor_context
from routing.tls_files import CurrentContext


async def find_ae(web: WebDependencies, name: str, principal: Principal) -> RemoteAE:
    """Find a remote AE of the principal's tenant; any other is not there."""
    ae = await web.database.read(remote_aes.get, name)
    if ae.tenant != principal.tenant:
        raise Problem(HTTPStatus.NOT_FOUND, f"No remote AE is called {name!r}.")
    return ae


def peer_of(web: WebDependencies, ae: RemoteAE) -> Peer:
    """Describe a remote AE as the requestor needs it."""
    dicom = web.settings.dicom
    return Peer(
        name=ae.name,
        ae_title=ae.ae_title,
        host=ae.host,
        port=ae.port,
        calling_ae_title=dicom.ae_title,
        tls=CurrentContext(requestor_context, dicom.tls) if ae.tls else None,
        transfer_syntaxes=ae.transfer_syntaxes,
    )
