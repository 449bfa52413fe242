"""A service whose application cannot be made."""

from gateway.http.server import DrainingApp, serve
from gateway.settings import Settings


def fail(settings: Settings) -> DrainingApp:
    """As a database would that is not there."""
    raise RuntimeError("no database at postgresql://ada:hush@database/pixelgate")


if __name__ == "__main__":
    serve(Settings(), fail)
