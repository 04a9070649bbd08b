"""What every collection has in common: `limit`, `cursor`, filters named like the items' fields, `items` and `next`."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from access.principals import Principal
from api.dependencies import WebDependencies
from archive.pages import Page

Item = TypeVar("Item")

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1000


class Listing(BaseModel):
    """The query of a collection. Unknown parameters are refused, so that a misspelt filter does not show everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str | None, Field(description="`next` of the page before")] = None

    def filters(self) -> dict[str, Any]:
        """Return the filters that were given, by name."""
        return self.model_dump(exclude={"limit", "cursor"}, exclude_none=True, mode="json", by_alias=True)


class Row(BaseModel):
    """An item of a collection; fields may be added to it at any time."""

    model_config = ConfigDict(extra="allow")


class Items(BaseModel, Generic[Item]):
    """One page of a collection, newest first."""

    items: list[Item]
    next: str | None


ListRows = Callable[..., Page]
"""A `listing` function of the archive: connection, tenant, `limit`, `cursor` and filters."""


async def read_page(web: WebDependencies, rows: ListRows, principal: Principal, listing: Listing) -> Page:
    """Read the page that `listing` asks for, of the principal's tenant."""
    return await web.database.read(
        rows, principal.tenant, limit=listing.limit, cursor=listing.cursor, **listing.filters()
    )
