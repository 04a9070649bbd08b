"""Certificates made by the `openssl` command, as a hospital's authority would make them."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """A certificate and its key."""

    cert: Path
    key: Path


class Authority:
    """Signs certificates."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.cert = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        _openssl(
            "req", "-x509", *_NEW_KEY, "-keyout", self._key, "-out", self.cert, "-subj", f"/O={name}",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    def issue(self, name: str, *, names: str = "IP:127.0.0.1,DNS:localhost") -> Identity:
        """Make a certificate for a machine with these names."""
        identity = Identity(cert=self.folder / f"{name}.pem", key=self.folder / f"{name}.key")
        _openssl(
            "req", "-x509", "-CA", self.cert, "-CAkey", self._key, *_NEW_KEY,
            "-keyout", identity.key, "-out", identity.cert, "-subj", f"/O={name}", "-addext", f"subjectAltName={names}",
            "-addext", "basicConstraints=critical,CA:FALSE",
        )  # fmt: skip
        return identity


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def encrypt_key(key: Path, to: Path) -> None:
    """Put a password on a key."""
    _openssl("ec", "-aes256", "-passout", "pass:secret", "-in", key, "-out", to)
