"""A worker that stands still: it lives, and does nothing."""

import os
import signal
import sqlite3
from functools import partial
from pathlib import Path

from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import Node
from tests.waiting import wait_until


def stop_worker(node: Node) -> int:
    """Let the worker stand still where it holds nothing that others wait for; returns its process ID."""
    [pid] = node.children("worker")
    wait_until(partial(_stop, node, pid), seconds=60, what="a worker that stands still and keeps nobody out")
    return pid


def _stop(node: Node, pid: int) -> bool:
    os.kill(pid, signal.SIGSTOP)
    wait_until(partial(_stands_still, pid), what="threads that stand still")
    if _is_free(node) and Scu(node.dicom_port).echo().returncode == 0:
        return True
    os.kill(pid, signal.SIGCONT)
    return False


def _stands_still(pid: int) -> bool:
    """Tell whether all threads have taken the signal."""
    states = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) == {"T"}


def _is_free(node: Node) -> bool:
    """Tell whether nobody is writing into the index."""
    index = sqlite3.connect(node.data_dir / "index.sqlite", timeout=0, isolation_level=None)
    try:
        index.execute("BEGIN IMMEDIATE")
        index.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        index.close()
    return True
