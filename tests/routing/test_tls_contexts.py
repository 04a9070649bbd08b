"""What is said of certificates that cannot be used, and how new ones take the place of old ones."""

import os
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from config.sections import TlsSettings
from routing.tls_contexts import TlsUnusable, acceptor_context, requestor_context
from routing.tls_files import CurrentContext
from tests.certificates import Authority, Identity, encrypt_key


@pytest.fixture
def files(tmp_path: Path, authority: Authority, identity: Identity) -> dict[str, Any]:
    """Copies that a test may spoil."""
    sources = {"cert": identity.cert, "key": identity.key, "ca": authority.cert}
    return {name: Path(shutil.copy(source, tmp_path / f"{name}.pem")) for name, source in sources.items()}


def test_whole_files_make_contexts_of_the_profile(files: dict[str, Any]) -> None:
    tls = TlsSettings(**files, client_auth=True)
    acceptor, requestor = acceptor_context(tls), requestor_context(tls)
    assert acceptor.minimum_version == requestor.minimum_version == ssl.TLSVersion.TLSv1_2
    assert acceptor.verify_mode == requestor.verify_mode == ssl.CERT_REQUIRED
    assert requestor.check_hostname
    older = {cipher["name"] for cipher in acceptor.get_ciphers() if cipher["protocol"] != "TLSv1.3"}
    assert older
    assert all(name.startswith("ECDHE-") and "-GCM-" in name for name in older)
    for context in (acceptor, requestor):
        assert context.options & ssl.OP_NO_RENEGOTIATION
        assert context.options & ssl.OP_NO_COMPRESSION


def test_certificate_and_key_may_be_one_file(files: dict[str, Any]) -> None:
    files["cert"].write_text(files["cert"].read_text() + files.pop("key").read_text())
    acceptor_context(TlsSettings(**files))


def test_without_client_authentication_no_certificate_is_asked_for(files: dict[str, Any]) -> None:
    assert acceptor_context(TlsSettings(**files)).verify_mode == ssl.CERT_NONE


def test_host_names_are_not_compared_where_that_is_configured(files: dict[str, Any]) -> None:
    context = requestor_context(TlsSettings(**files, check_host=False))
    assert not context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_without_authorities_the_system_is_trusted() -> None:
    assert requestor_context(TlsSettings()).verify_mode == ssl.CERT_REQUIRED


def _remove(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda files: files[name].unlink()


def _write(name: str, text: str) -> Callable[[dict[str, Any]], object]:
    return lambda files: files[name].write_text(text)


def _encrypt(files: dict[str, Any]) -> None:
    encrypt_key(files["key"], files["cert"].with_name("locked"))
    files["cert"].with_name("locked").rename(files["key"])


_BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_remove("cert"), r"dicom\.tls\.cert: .*cert\.pem cannot be read: No such file"),
        (_remove("key"), r"dicom\.tls\.key: .*key\.pem cannot be read: No such file"),
        (_remove("ca"), r"dicom\.tls\.ca: .*ca\.pem cannot be read: No such file"),
        (_write("cert", "hello"), r"dicom\.tls\.cert: .* holds no certificate in PEM format"),
        (_write("key", "hello"), r"dicom\.tls\.key: .* holds no private key in PEM format"),
        (_write("ca", "hello"), r"dicom\.tls\.ca: .* holds no certificate in PEM format"),
        (_write("cert", _BROKEN), r"dicom\.tls\.cert: .* cannot be used"),
        (_write("ca", _BROKEN), r"dicom\.tls\.ca: .* holds no usable certificate"),
        (_encrypt, r"dicom\.tls\.key: the private key in .* is encrypted"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    files: dict[str, Any], spoil: Callable[[dict[str, Any]], object], complaint: str
) -> None:
    spoil(files)
    with pytest.raises(TlsUnusable, match=complaint):
        acceptor_context(TlsSettings(**files, client_auth=True))


def test_the_key_of_another_certificate_is_told(files: dict[str, Any], authority: Authority) -> None:
    tls = TlsSettings(cert=files["cert"], key=authority.issue("other").key)
    with pytest.raises(TlsUnusable, match=r"dicom\.tls\.key: .*other\.key is not the private key of .*cert\.pem"):
        acceptor_context(tls)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_key_that_may_not_be_read_is_told(files: dict[str, Any]) -> None:
    files["key"].chmod(0)
    with pytest.raises(TlsUnusable, match=r"dicom\.tls\.key: .* cannot be read: Permission denied"):
        acceptor_context(TlsSettings(**files))


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_files_that_change_make_a_new_context(files: dict[str, Any], authority: Authority) -> None:
    clock = Clock()
    current = CurrentContext(acceptor_context, TlsSettings(**files), clock=clock)
    first = current.get()
    clock.now += 2
    assert current.get() is first
    renewed = authority.issue("renewed")
    shutil.copy(renewed.cert, files["cert"])
    assert current.get() is first, "it is not looked at all the time"
    clock.now += 2
    with capture_logs() as logs:
        assert current.get() is first, "the key does not match yet"
        clock.now += 2
        assert current.get() is first
    assert [entry["event"] for entry in logs] == ["tls_files_unusable"]
    shutil.copy(renewed.key, files["key"])
    clock.now += 2
    assert current.get() is not first


def test_files_that_vanish_leave_the_old_context(files: dict[str, Any]) -> None:
    clock = Clock()
    current = CurrentContext(acceptor_context, TlsSettings(**files), clock=clock)
    first = current.get()
    files["cert"].unlink()
    clock.now += 2
    assert current.get() is first
