"""Pictures that the service answers with, as arrays."""

from email import message_from_bytes
from io import BytesIO
from typing import Any

import httpx
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset

from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import path_of

PNG = {"Accept": "image/png"}


def shown(web: Web, ds: Dataset, resource: str = "rendered", **params: str) -> Any:
    """Ask for a picture without loss."""
    answer = web.http.get(f"{path_of(ds)}/{resource}", params=params, headers=PNG)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(BytesIO(answer.content)))


def opened(answer: httpx.Response) -> list[tuple[str, bytes]]:
    """Give media type and content of each part of an answer."""
    assert answer.status_code == 200, answer.text
    whole = b"Content-Type: " + answer.headers["content-type"].encode() + b"\r\n\r\n" + answer.content
    found = message_from_bytes(whole).get_payload()
    assert isinstance(found, list)
    parts = [part for part in found if not isinstance(part, str)]
    return [(part.get_content_type(), bytes(part.get_payload(decode=True) or b"")) for part in parts]
