"""GDCM as a calling AE.

Its command gdcmscu aborts at the end of each association, with other peers too, before it says what it found; what it
received is on the disk by then. Its library, asked step by step, does not abort: queries are asked by it, in a process
of its own (`python -m tests.acceptance.peers.gdcm_scu`).
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.acceptance.peers.dcmtk import run

Attributes = dict[str, str]
"""Values as GDCM reads them, by `gggg,eeee`."""

_ROOT = Path(__file__).parents[3]


def store(port: int, folder: Path) -> None:
    """Send the files of a folder to a node, as MODALITY1."""
    titles = ("--aetitle", "MODALITY1", "--call", "ISOCENTER")
    run("gdcmscu", *titles, "--store", "-r", "-i", str(folder), "127.0.0.1", str(port))


def move(port: int, study_uid: str, folder: Path, *, ae_title: str, scp_port: int) -> list[Path]:
    """Move a study to GDCM itself; gives the files it has written."""
    folder.mkdir()
    titles = ("--aetitle", ae_title, "--call", "ISOCENTER", "--port-scp", str(scp_port))
    wanted = ("--move", "--studyroot", "--study", "--key", f"20,d={study_uid}", "-o", str(folder))
    run("gdcmscu", *titles, *wanted, "127.0.0.1", str(port))
    return sorted(folder.iterdir())


def find(port: int, keys: Attributes, *, level: str = "study") -> list[Attributes]:
    """Query a node by Study Root, as MODALITY1."""
    command = [sys.executable, "-m", __name__, str(port), json.dumps(keys), level]
    # It takes the character set of the locale for what is typed.
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, timeout=60, check=True, cwd=_ROOT, env=environment)
    found: list[Attributes] = json.loads(done.stdout.splitlines()[-1])
    return found


def _main(port: str, keys: str, level: str) -> None:
    import gdcm  # noqa: PLC0415 - only the process that is GDCM has a use for it

    user = gdcm.ServiceClassUser()
    user.SetHostname("127.0.0.1")
    user.SetPort(int(port))
    user.SetTimeout(30.0)
    user.SetAETitle("MODALITY1")
    user.SetCalledAETitle("ISOCENTER")
    assert user.InitializeConnection()
    contexts = gdcm.PresentationContextGenerator()
    contexts.GenerateFromUID(gdcm.UIDs.StudyRootQueryRetrieveInformationModelFIND)
    user.SetPresentationContexts(contexts.GetPresentationContexts())
    assert user.StartAssociation()
    found = gdcm.DataSetArrayType()
    assert user.SendFind(_query(gdcm, json.loads(keys), level), found)
    assert user.StopAssociation()
    print(json.dumps([_read(gdcm, data_set) for data_set in found]))  # noqa: T201


def _query(gdcm: Any, keys: Attributes, level: str) -> Any:
    pairs = gdcm.KeyValuePairArrayType()
    for name, value in keys.items():
        group, element = name.split(",")
        pairs.push_back(gdcm.KeyValuePairType(gdcm.Tag(int(group, 16), int(element, 16)), value))
    levels = {"study": gdcm.eStudy, "series": gdcm.eSeries, "image": gdcm.eImage}
    return gdcm.CompositeNetworkFunctions.ConstructQuery(gdcm.eStudyRootType, levels[level], pairs, gdcm.eFind)


def _read(gdcm: Any, data_set: Any) -> Attributes:
    """Read the values of a data set; which elements there are GDCM says only in print."""
    names = re.findall(r"^\(([0-9a-f]{4},[0-9a-f]{4})\)", str(data_set), re.MULTILINE)
    tags = {name: gdcm.Tag(*(int(part, 16) for part in name.split(","))) for name in names}
    values = {name: data_set.GetDataElement(tag).GetByteValue() for name, tag in tags.items()}
    return {name: value.GetBuffer().strip("\0 ") for name, value in values.items() if value is not None}


if __name__ == "__main__":
    _main(*sys.argv[1:])
