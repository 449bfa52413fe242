"""What a process is told before it computes."""

from collections.abc import Collection, Mapping

from engines.core import pixels
from engines.models import weights
from engines.models.runtime import Device
from engines.models.weights import ModelFiles

NO_MODELS: Mapping[str, ModelFiles] = {}


def prepare(
    max_pixels: int = 100_000_000,
    models: Mapping[str, ModelFiles] = NO_MODELS,
    preload: Collection[str] = (),
    device: Device = "auto",
) -> None:
    """Set the limits of this process, and say which models it uses where and loads at once.

    Raises:
        ModelUnavailable: no model has such a name.
    """
    pixels.configure(pixels.Limits(max_pixels=max_pixels))
    weights.configure(models, preload=preload, device=device)
