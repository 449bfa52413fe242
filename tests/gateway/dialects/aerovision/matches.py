"""A served AeroVision API as its clients use it: send, ask until it has ended."""

from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from tests.pictures import encoded
from tests.serving import wait_until

TEMPLATE, CHAIN, TASKS = "/api/v1/match/template", "/api/v1/match/chain", "/api/v1/tasks"


def noise(width: int = 120, height: int = 80, seed: int = 7) -> NDArray[np.uint8]:
    """RGB (H, W, 3) in which no two places look alike."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


SCENE = noise()
PICTURE = encoded("PNG", SCENE)
PIECE = encoded("PNG", SCENE[30:50, 40:70])
"""Of the picture, from 40, 30 on, 30 x 20 px."""
STRANGER = encoded("PNG", noise(30, 20, seed=8))
"""In no place of the picture."""


def both(first: bytes = PICTURE, second: bytes = PIECE) -> dict[str, tuple[str, bytes]]:
    """The two files of template matching and of chains."""
    return {"image": ("screenshot.png", first), "template": ("icon.png", second)}


def ended(client: httpx.Client, created: httpx.Response) -> dict[str, Any]:
    """The task when it has ended."""
    told: dict[str, Any] = created.raise_for_status().json()

    def has_ended() -> bool:
        told.update(client.get(f"{TASKS}/{told['uid']}").raise_for_status().json())
        return told["status"] in ("done", "error")

    wait_until(has_ended)
    return told
