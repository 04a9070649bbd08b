"""Remote AEs as the listener and the senders see them: who may call, and where names and titles lead to."""

from access import remote_aes
from access.admission import Refused
from access.admission_cache import AdmissionCache
from access.proofs import NOTHING_SHOWN, Proof
from access.remote_aes import RemoteAE
from archive.database import Database
from archive.errors import NotFound
from config.sections import DicomSettings
from routing.dispatch import Destination
from routing.peers import Peer
from routing.rejection import Rejection
from routing.tls_contexts import requestor_context
from routing.tls_files import CurrentContext
from scp.admission import Caller


class Admission:
    """The rules of `access`, in the listener's terms.

    Parameters
    ----------
    rules
        The configured remote AEs.
    """

    def __init__(self, rules: AdmissionCache) -> None:
        self._rules = rules

    def decide(
        self, *, calling_ae_title: str, called_ae_title: str, address: str, proof: Proof = NOTHING_SHOWN
    ) -> Caller | Rejection:
        """Admit or refuse a peer by titles, address and what it shows."""
        decision = self._rules.decide(
            calling_ae_title=calling_ae_title, called_ae_title=called_ae_title, address=address, proof=proof
        )
        if isinstance(decision, Refused):
            return Rejection(
                result=decision.result, source=decision.source, reason=decision.reason, detail=decision.detail
            )
        remote = decision.remote_ae
        return Caller(
            calling_ae_title=calling_ae_title,
            called_ae_title=called_ae_title,
            address=address,
            tenant=decision.tenant,
            allowed=decision.allowed,
            charset=remote.charset if remote else None,
            name=remote.name if remote else "",
            # There is nowhere else to report to for a caller that nobody configured.
            report_here=remote is None or remote.commitment_report == "same",
            get_without_roles=remote is not None and remote.get_without_roles,
        )


class Directory:
    """Finds remote AEs by title, for C-MOVE, and by name, for deliveries.

    Parameters
    ----------
    database
        Where they are.
    dicom
        Our own title, with which we call, and how we call over TLS.
    """

    def __init__(self, database: Database, dicom: DicomSettings) -> None:
        self._database = database
        self._ae_title = dicom.ae_title
        self._tls = CurrentContext(requestor_context, dicom.tls)

    def find(self, tenant: str, ae_title: str) -> Peer | None:
        """Find a configured AE of a tenant by its title."""
        known = self._database.read(remote_aes.by_ae_title, ae_title)
        mine = [ae for ae in known if ae.tenant == tenant]
        return as_peer(mine[0], self._ae_title, self._tls) if mine else None

    def destination(self, name: str) -> Destination | None:
        """Find the AE that deliveries name."""
        try:
            ae = self._database.read(remote_aes.get, name)
        except NotFound:
            return None
        return Destination(peer=as_peer(ae, self._ae_title, self._tls), sr_class=ae.sr_class)

    def peer(self, name: str) -> Peer | None:
        """Find the AE that retrievals name."""
        destination = self.destination(name)
        return destination.peer if destination else None


def as_peer(ae: RemoteAE, ae_title: str, tls: CurrentContext) -> Peer:
    """Describe a remote AE as the requestor needs it; `ae_title` is our own, `tls` is for one that is called so."""
    return Peer(
        name=ae.name,
        ae_title=ae.ae_title,
        host=ae.host,
        port=ae.port,
        calling_ae_title=ae_title,
        tls=tls if ae.tls else None,
        transfer_syntaxes=ae.transfer_syntaxes,
    )
