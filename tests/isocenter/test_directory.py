"""The rules of `access` in the listener's terms."""

import contextlib
from pathlib import Path

from access import remote_aes
from access.admission_cache import AdmissionCache
from access.passwords import hash_password
from access.proofs import NOTHING_SHOWN, Proof
from access.remote_aes import RemoteAE
from archive.bus import bus_directory
from archive.database import Database
from archive.local_bus import LocalBus
from config.settings import Settings
from isocenter.directory import Admission
from routing.rejection import Rejection
from scp.admission import Caller

PASSWORD = "open sesame"


def test_a_user_identity_is_checked_and_the_refusal_says_so(sqlite_url: str, tmp_path: Path) -> None:
    ae = RemoteAE(name="CT1", ae_title="CT1", host="h", port=104, user="scanner", password_hash=hash_password(PASSWORD))
    settings = Settings.model_validate({"data_dir": tmp_path})
    with Database(sqlite_url) as database, contextlib.closing(LocalBus(bus_directory(tmp_path))) as bus:
        database.write(remote_aes.add, ae, now=1.0)
        with contextlib.closing(AdmissionCache(database, settings, bus)) as rules:

            def decide(proof: Proof) -> Caller | Rejection:
                return Admission(rules).decide(
                    calling_ae_title="CT1", called_ae_title="ISOCENTER", address="192.0.2.7", proof=proof
                )

            admitted, refused = decide(Proof(username="scanner", password=PASSWORD)), decide(NOTHING_SHOWN)
    assert isinstance(admitted, Caller)
    assert isinstance(refused, Rejection)
    assert (refused.result, refused.source, refused.reason) == (1, 1, 1)
    assert refused.text == "1/1/1 no reason given (it does not show the user identity that is configured for it)"


def test_a_change_that_leaves_the_password_out_keeps_it(sqlite_url: str) -> None:
    ae = RemoteAE(name="CT1", ae_title="CT1", host="h", port=104, user="scanner", password_hash=hash_password(PASSWORD))
    changed = RemoteAE(name="CT1", ae_title="CT1", host="other", port=104, user="scanner")
    freed = RemoteAE(name="CT1", ae_title="CT1", host="other", port=104)
    with Database(sqlite_url) as database:
        database.write(remote_aes.add, ae, now=1.0)
        assert database.write(remote_aes.replace, "CT1", changed, now=2.0).password_hash == ae.password_hash
        assert database.write(remote_aes.replace, "CT1", freed, now=3.0).password_hash is None
