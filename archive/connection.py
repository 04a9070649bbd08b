"""The connection that all functions on the index take; packages above name it without naming the library."""

from sqlalchemy import Connection

__all__ = ["Connection"]
