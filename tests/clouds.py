"""Point clouds of known shape, and PLY files of them."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
COLUMNS = ("x", "y", "z", "nx", "ny", "nz")
TURN = np.array([[0.8, -0.6, 0.0], [0.48, 0.64, -0.6], [0.36, 0.48, 0.8]])
SHIFT = np.array([0.5, -0.3, 7.0])


def pebble(count: int = 3000, *, bumps: float = 1.0, seed: int = 0) -> Array:
    """A lopsided pebble about two units long: points and outward normals (N, 6)."""
    directions = np.random.default_rng(seed).normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    x, y, z = directions.T
    bulge = bumps * (0.3 * x * y + 0.4 * z * x + 0.2 * y**3)
    slopes = bumps * np.stack([0.3 * y + 0.4 * z, 0.3 * x + 0.6 * y**2, 0.4 * x], axis=1)
    along = (slopes * directions).sum(axis=1, keepdims=True)
    normals = directions * (1 + bulge[:, None]) - (slopes - along * directions)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return np.hstack([directions * (1 + bulge)[:, None], normals])


def placed(cloud: Array) -> Array:
    """Turned by `TURN` and shifted by `SHIFT`."""
    return np.hstack([cloud[:, :3] @ TURN.T + SHIFT, cloud[:, 3:] @ TURN.T])


def seen(cloud: Array) -> Array:
    """What faces the origin."""
    faces: NDArray[np.bool_] = (cloud[:, :3] * cloud[:, 3:]).sum(axis=1) < 0
    return np.asarray(cloud[faces])


def table(height: float = 1.5) -> Array:
    """A plane below the camera's view of the pebble, facing it."""
    x, z = (side.ravel() for side in np.meshgrid(np.arange(-5, 5, 0.08), np.arange(3, 12, 0.08)))
    up = np.broadcast_to([0.0, -1.0, 0.0], (len(x), 3))
    return np.hstack([np.stack([x, np.full_like(x, height), z], axis=1), up])


def ply(cloud: Array, *, form: str = "binary_little_endian", kind: str = "float") -> bytes:
    """A PLY file of points (N, 3), or of points and normals (N, 6)."""
    names = COLUMNS[: cloud.shape[1]]
    properties = "".join(f"property {kind} {name}\n" for name in names)
    head = f"ply\nformat {form} 1.0\nelement vertex {len(cloud)}\n{properties}end_header\n"
    if form == "ascii":
        rows = "".join(" ".join(f"{value:.9g}" for value in row) + "\n" for row in cloud)
        return (head + rows).encode()
    order = "<" if form == "binary_little_endian" else ">"
    body: bytes = cloud.astype(order + ("f4" if kind == "float" else "f8")).tobytes()
    return head.encode() + body
