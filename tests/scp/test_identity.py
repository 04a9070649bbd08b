"""User identity and certificates as the listener meets them, with DCMTK and pynetdicom as callers."""

import hashlib
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pynetdicom import AE
from pynetdicom.pdu_primitives import UserIdentityNegotiation

from access.proofs import Proof
from tests.certificates import Authority, Identity
from tests.scp.running import Node
from tests.scp.samples import ct_image, write_file
from tests.scp.test_refusals import recorded, rejection
from tests.scp.wire import VERIFICATION
from tests.waiting import wait_until

needs_dcmtk = pytest.mark.skipif(shutil.which("echoscu") is None, reason="DCMTK is not installed")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_file(ct_image(), tmp_path / "image.dcm")


def storescu(node: Node, image: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["storescu", "-d", "-aet", "MODALITY1", "-aec", "ISOCENTER", *arguments, "127.0.0.1", str(node.port)]
    return subprocess.run([*command, str(image)], text=True, capture_output=True, check=False)


def echoscu(port: int, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = ["echoscu", "-d", "-aet", "MODALITY1", "-aec", "ISOCENTER", *arguments, "127.0.0.1", str(port)]
    return subprocess.run([str(each) for each in command], text=True, capture_output=True, check=False)


@needs_dcmtk
@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ((), Proof()),
        (("-usr", "scanner"), Proof(username="scanner")),
        (("-usr", "scanner", "-pwd", "open sesame"), Proof(username="scanner", password="open sesame")),
        (("-usr", "scanner", "-epw"), Proof(username="scanner", password="")),
    ],
)
def test_dcmtk_shows_a_user(node: Node, image: Path, arguments: tuple[str, ...], shown: Proof) -> None:
    done = storescu(node, image, *arguments)
    assert done.returncode == 0, done.stderr
    assert node.rules.shown == [shown]


@needs_dcmtk
def test_dcmtk_gets_the_positive_response_that_it_asks_for(node: Node, image: Path) -> None:
    done = storescu(node, image, "-usr", "scanner", "-pwd", "open sesame", "-rsp")
    assert done.returncode == 0, done.stderr


def test_pynetdicom_gets_the_positive_response_that_it_asks_for(node: Node) -> None:
    identity = UserIdentityNegotiation()
    identity.user_identity_type = 2
    identity.primary_field, identity.secondary_field = b"scanner", b"open sesame"
    identity.positive_response_requested = True
    ae = AE(ae_title="MODALITY1")
    ae.add_requested_context(VERIFICATION)
    association = ae.associate("127.0.0.1", node.port, ae_title="ISOCENTER", ext_neg=[identity])
    assert association.is_established
    assert association.acceptor.user_identity is not None
    association.release()


def test_the_certificate_of_the_handshake_is_shown_to_the_rules(
    make_node: Callable[..., Node], identity: Identity, authority: Authority
) -> None:
    tls = {"cert": identity.cert, "key": identity.key, "ca": authority.cert, "client_auth": True}
    node = make_node(tls=tls)
    done = echoscu(node.tls_port, "+tls", identity.key, identity.cert, "+cf", authority.cert)
    assert done.returncode == 0, done.stderr
    (shown,) = node.rules.shown
    der = ssl.PEM_cert_to_DER_cert(identity.cert.read_text())
    assert shown.fingerprint == hashlib.sha256(der).hexdigest()
    assert any(each.startswith("O=") for each in shown.subject)


@pytest.mark.parametrize(
    ("title", "detail"),
    [(b" " * 16, "it is blank"), (b"CT\x01".ljust(16), "it has characters that a title must not have")],
)
def test_odd_titles_are_refused_with_the_reason_on_record(node: Node, title: bytes, detail: str) -> None:
    assert rejection(node, calling=title) == (1, 1, 3)
    wait_until(lambda: recorded(node) == [f"1/1/3 calling AE title not recognized ({detail})"])
