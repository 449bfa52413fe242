"""The largest of each pixel's channels is NumPy's."""

import numpy as np
import pytest

from engines.vision.channels import largest


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_the_largest_is_what_numpy_says(channels: int, kind: type[np.generic]) -> None:
    image = np.random.default_rng(channels).integers(0, 256, (7, 5, channels)).astype(kind)
    found = largest(image)
    assert found.dtype == kind
    np.testing.assert_array_equal(found, image.max(axis=2))
