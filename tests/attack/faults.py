"""A fault in engine processes that nobody foresaw, with words in it that nobody may read."""

from typing import Any
from unittest import mock

from engines.process import preparation

_prepare = preparation.prepare


def prepare(**told: Any) -> None:
    """Prepare an engine process in which contours cannot be found."""
    _prepare(**told)
    mock.patch("cv2.findContours", _fail).start()


def _fail(*arguments: object) -> None:
    raise ValueError("hush-hush", *arguments)
