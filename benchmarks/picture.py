"""The picture that speed is measured on."""

import cv2
import numpy as np
import skimage.data


def jpeg(width: int = 1280, height: int = 960, max_bytes: int = 200_000) -> bytes:
    """A photograph of the given size, of the best quality that stays below `max_bytes`."""
    photograph = skimage.data.coffee()  # type: ignore[no-untyped-call]
    pixels = cv2.resize(photograph[:, :, ::-1], (width, height))
    for quality in range(98, 10, -1):
        _, data = cv2.imencode(
            ".jpg", np.ascontiguousarray(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality]
        )
        if data.size <= max_bytes:
            return data.tobytes()
    raise ValueError(f"{width} x {height} does not fit into {max_bytes} bytes")
