"""onnxruntime: loaded, and loaded without its telemetry, here alone."""

import importlib
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

from engines.core.errors import ModelUnavailable
from engines.models.misfit import Misfit

log = logging.getLogger(__name__)

GPU, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
Device: TypeAlias = Literal["auto", "cpu"]
"""`auto`: a GPU that onnxruntime knows and can use, the CPU otherwise."""


def preload() -> None:
    """Load it, where it is installed, before a model is asked for."""
    with suppress(ModelUnavailable):
        onnxruntime()


def onnxruntime() -> Any:
    """The library.

    Raises:
        ModelUnavailable: it is absent.
    """
    # Since 1.31 it keeps an identity of this machine in its home, and reports to Microsoft.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        return importlib.import_module("onnxruntime")
    except ImportError:
        raise ModelUnavailable(
            "Learned models need onnxruntime, which is not installed; "
            "install it with: pip install onnxruntime."
        ) from None


def begin(file: Path, device: Device) -> tuple[Any, str]:
    """A session of one thread, and why it is not on the GPU that there is.

    Raises:
        ModelUnavailable: onnxruntime is absent.
        Misfit: the file is none that it loads.
    """
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # Its blocks for every size of page seen are never freed.
    options.log_severity_level = 4  # What goes wrong is told by the exception.
    # Its own way back to the CPU would print the file's path.
    start = partial(runtime.InferenceSession, str(file), options, enable_fallback=0)
    session, passed_over = _on_gpu(start) if device == "auto" else (None, "")
    try:
        session = session or start(providers=[CPU])
    except failures() as error:
        raise Misfit(f"its file is no ONNX model that loads ({reason(error)})") from None
    if passed_over:
        log.warning("%s: %s; it runs on the CPU", file.stem, passed_over)
    return session, passed_over


def _on_gpu(start: Callable[..., Any]) -> tuple[Any, str]:
    """A session on the GPU; or none, and why although there is one."""
    if GPU not in onnxruntime().get_available_providers():
        return None, ""
    lost: tuple[type[Exception], ...] = (*failures(), RuntimeError, ValueError)
    try:
        session = start(providers=[GPU, CPU])
    except lost as error:
        return None, f"{GPU} fails ({reason(error)})"
    # Where CUDA's libraries are missing it is left out without an exception.
    if session.get_providers()[0] != GPU:
        return session, f"{GPU} does not start"
    session.enable_fallback()  # For a GPU that is lost while it computes.
    return session, ""


def failures() -> tuple[type[Exception], ...]:
    """The classes that onnxruntime raises; they share no ancestor but `Exception`."""
    native = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    kinds = (one for one in vars(native).values() if isinstance(one, type))
    return tuple(one for one in kinds if issubclass(one, Exception))


def reason(error: Exception) -> str:
    """The kind of onnxruntime's failure; its text may hold the path."""
    return type(error).__name__
