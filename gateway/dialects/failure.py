"""The native form of a refusal; presenters' models refer to it."""

from pydantic import BaseModel, Field


class Failure(BaseModel):
    """Why there is no result."""

    code: int = Field(description="The HTTP status.")
    error: str = Field(description="A word for the cause, for programs.")
    message: str = Field(description="What was found and what was expected.")
    errors: list[str] = Field(description="The single faults.")
    version: str = Field(description="The service's version.")
    request_id: str = Field(description="Names this request in the service's log.")
