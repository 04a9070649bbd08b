"""Prints the OpenAPI description of `/api/v1`, for programs that generate clients: `python -m api.openapi`."""

import json
import sys
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from api.app import api_router
from api.description import described


def description() -> dict[str, Any]:
    """Return the description, without anything behind the routes."""
    app = FastAPI(title="Isocenter", version=version("isocenter"))
    app.include_router(api_router())
    return described(app)


if __name__ == "__main__":
    json.dump(description(), sys.stdout, indent=2)
