"""Certificates and user identities that are bound to an AE title."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from access.admission import OTHER_CERTIFICATE, OTHER_USER, AdmissionRules, Admitted, Refused
from access.passwords import hash_password
from access.proofs import NOTHING_SHOWN, Proof
from access.remote_aes import RemoteAE, as_item
from config.declared import AEDeclaration

FINGERPRINT = "ab" * 32
SUBJECT = frozenset({"CN=ct1", "O=Hospital, North", "C=DE"})
PASSWORD = "open sesame"


@pytest.fixture(scope="module")
def password_hash() -> str:
    return hash_password(PASSWORD)


def modality(name: str = "CT", **values: Any) -> RemoteAE:
    declaration = {"name": name, "ae_title": "CT", "host": "192.0.2.7", "port": 104, **values}
    return RemoteAE.declared(AEDeclaration.model_validate(declaration))


def decide(*aes: RemoteAE, proof: Proof = NOTHING_SHOWN) -> Admitted | Refused:
    rules = AdmissionRules(ae_title="ISOCENTER", require_called_ae=True, unknown_callers="reject", remote_aes=aes)
    return rules.decide(calling_ae_title="CT", called_ae_title="ISOCENTER", address="192.0.2.7", proof=proof)


@pytest.mark.parametrize(
    "configured",
    [FINGERPRINT, "AB:" * 31 + "AB", "CN=ct1", "cn=ct1", "O=Hospital\\, North, CN=ct1"],
)
def test_the_certificate_that_is_bound_to_a_title_lets_in(configured: str) -> None:
    ae = modality(certificate=configured)
    assert isinstance(decide(ae, proof=Proof(fingerprint=FINGERPRINT, subject=SUBJECT)), Admitted)


@pytest.mark.parametrize("configured", [FINGERPRINT, "CN=ct1", "CN=ct1, O=Clinic"])
@pytest.mark.parametrize(
    "proof",
    [NOTHING_SHOWN, Proof(fingerprint="cd" * 32, subject=frozenset({"CN=ct2", "O=Hospital"})), Proof(username="CT")],
)
def test_another_certificate_or_none_is_refused(configured: str, proof: Proof) -> None:
    assert decide(modality(certificate=configured), proof=proof) is OTHER_CERTIFICATE


def test_who_binds_nothing_takes_any_certificate_and_any_user() -> None:
    assert isinstance(decide(modality(), proof=Proof(fingerprint=FINGERPRINT, username="somebody")), Admitted)


def test_the_user_with_the_right_password_is_let_in(password_hash: str) -> None:
    ae = modality(user="scanner", password_hash=password_hash)
    assert isinstance(decide(ae, proof=Proof(username="scanner", password=PASSWORD)), Admitted)
    for proof in (
        NOTHING_SHOWN,
        Proof(username="scanner"),
        Proof(username="scanner", password="wrong"),
        Proof(username="Scanner", password=PASSWORD),
    ):
        assert decide(ae, proof=proof) is OTHER_USER


def test_a_user_without_a_password_is_compared_by_name() -> None:
    ae = modality(user="scanner")
    assert isinstance(decide(ae, proof=Proof(username="scanner")), Admitted)
    assert decide(ae, proof=Proof(username="other")) is OTHER_USER


def test_of_two_entries_with_one_title_the_one_counts_whose_proof_is_shown() -> None:
    first, second = modality("CT1", certificate="CN=ct1"), modality("CT2", certificate="CN=ct2", tenant="north")
    decision = decide(first, second, proof=Proof(fingerprint=FINGERPRINT, subject=frozenset({"CN=ct2"})))
    assert isinstance(decision, Admitted)
    assert decision.tenant == "north"


def test_the_password_hash_is_shown_to_nobody(password_hash: str) -> None:
    ae = modality(user="scanner", password_hash=password_hash)
    assert "password_hash" not in as_item(ae)
    assert "argon2" not in repr(ae)
    assert PASSWORD not in repr(Proof(username="scanner", password=PASSWORD))


@pytest.mark.parametrize(
    "values",
    [
        {"certificate": "ab:cd"},
        {"certificate": "CN="},
        {"certificate": "=x"},
        {"password_hash": "$argon2id$x"},
        {"user": "scanner", "password_hash": "plain text"},
        {"user": ""},
    ],
)
def test_bindings_that_make_no_sense_are_refused(values: dict[str, str]) -> None:
    make: Callable[..., RemoteAE] = modality
    with pytest.raises(ValidationError):
        make(**values)
