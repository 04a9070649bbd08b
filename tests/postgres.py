"""A real PostgreSQL for the tests: Debian's binaries, a temporary folder, a Unix socket, no network."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

_UNPRIVILEGED = "postgres"


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server, and how to make databases in it; `durable` as a hospital's, else as fast as tests like it."""

    binaries: Path
    folder: Path
    durable: bool = False

    def url(self, name: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://isocenter@/{name}?host={self.folder}"

    def create(self, name: str, template: str = "template0") -> str:
        """Create a database as a copy of `template` and return its URL."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        self._administer(statement)
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Stop the server at once, as if its machine had lost power but with nothing left to lose."""
        _run(self.binaries, "pg_ctl", "stop", "-m", "immediate", "-w", "-D", str(self.folder / "data"))

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-k {self.folder} -c listen_addresses= -c max_connections=200"
        if not self.durable:
            options += " -c fsync=off -c full_page_writes=off"
        arguments = ("-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-o", options)
        _run(self.binaries, "pg_ctl", "start", "-w", *arguments)

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running(folder: Path | None = None, *, durable: bool = False) -> Iterator[Server]:
    """Start a new server and remove it afterwards."""
    found = binaries()
    if found is None:
        raise FileNotFoundError("no PostgreSQL under /usr/lib/postgresql")
    # Not below pytest's folder: that one is closed to other users, and a socket's path must stay short.
    home = folder or Path(tempfile.mkdtemp(prefix="isocenter-pg-"))
    if os.geteuid() == 0:
        shutil.chown(home, _UNPRIVILEGED, _UNPRIVILEGED)
    server = Server(binaries=found, folder=home, durable=durable)
    initdb = ("-U", "isocenter", "-A", "trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
    try:
        _run(found, "initdb", "-D", str(home / "data"), *initdb)
        server.start()
        yield server
    finally:
        if (home / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(home)


def _run(folder: Path, program: str, *arguments: str) -> None:
    command = [str(folder / program), *arguments]
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        command = ["setpriv", f"--reuid={_UNPRIVILEGED}", f"--regid={_UNPRIVILEGED}", "--clear-groups", *command]
    done = subprocess.run(command, check=False, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stdout}")
