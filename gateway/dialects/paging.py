"""Which entries of a long list are told."""

from pydantic import Field

from engines.core.shapes import Parameters


class Page(Parameters):
    """A part of a list, in the list's order."""

    offset: int = Field(0, ge=0, le=1_000_000_000, description="Entries to pass over.")
    limit: int = Field(50, ge=1, le=200, description="Entries to list.")
