"""PyAV, which is an extra."""

from importlib.util import find_spec

from engines.core.errors import VideosUnavailable


def require_pyav() -> None:
    """Say what to install where it is missing, before anything imports it.

    Raises:
        VideosUnavailable: PyAV is not installed.
    """
    if find_spec("av") is None:
        raise VideosUnavailable(
            "Videos need PyAV, which is not installed: pip install 'pixelgate[video]'."
        )
