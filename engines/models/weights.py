"""Learned models: named files with their labels, checked, and loaded once a process."""

import codecs
import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from engines.core.errors import ModelUnavailable
from engines.core.pixels import Pixels
from engines.models.catalogue import ENTRIES, SLOTS, Entry
from engines.models.contract import TYPES, check_classes, check_input, find_outputs, try_out
from engines.models.descriptions import Classifier, Description, Detector, Recognizer, read
from engines.models.misfit import Misfit
from engines.models.runtime import GPU, Device, begin, failures, reason

FOLDER = Path(__file__).parents[1] / "weights"
Kind = TypeVar("Kind", bound=Description)


@dataclass(frozen=True, slots=True)
class Label:
    """What a model's class is called, and what it is a kind of, nearest first."""

    name: str
    mid: str = ""
    parents: tuple["Label", ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A user's model in place of ours.

    Args:
        file: ONNX, all in one file.
        labels: in class order; None for the labels of the model that it replaces.
        sha256: of the file, to be checked; empty: any.
    """

    file: Path
    labels: Path | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Model(Generic[Kind]):
    """A loaded model.

    Args:
        is_own: whether it is the user's.
        device: CPU or GPU.
        passed_over: why it is not on the GPU that there is; empty where it is, or there is none.
        outputs: what the file calls the outputs of the model's contract, by their names there.
        is_single: whether it takes no more than one picture at once.
    """

    name: str
    is_own: bool
    title: str
    device: str
    passed_over: str
    labels: tuple[Label, ...]
    description: Kind
    outputs: Mapping[str, str]
    is_single: bool
    session: Any

    def run(self, pictures: Pixels) -> NDArray[np.float32]:
        """The output for pictures, of a model that has one; see `run_all`."""
        (output,) = self.run_all(pictures).values()
        return output

    def run_all(self, pictures: Pixels) -> dict[str, NDArray[np.float32]]:
        """All outputs by name.

        Args:
            pictures: uint8 (N, H, W, 3), BGR, of a size that the model takes.

        Raises:
            ModelUnavailable: it is the user's, and fails.
        """
        if self.is_single and len(pictures) > 1:
            each = [self.run_all(one[None]) for one in pictures]
            return {name: np.concatenate([one[name] for one in each]) for name in self.outputs}
        (taken,) = self.session.get_inputs()
        inputs = self.description.shown(pictures).astype(TYPES[taken.type], copy=False)
        try:
            outputs = self.session.run([*self.outputs.values()], {taken.name: inputs})
        except failures() as error:
            if not self.is_own:
                raise
            raise _unusable(self.name, _failing(pictures, error)) from None
        as_floats = (np.asarray(one, np.float32) for one in outputs)
        return dict(zip(self.outputs, as_floats, strict=True))


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a model loads; `fault` is empty when it does.

    Args:
        device: CPU or GPU.
        description: what it is shown and gives, as TOML on one line.
        passed_over: why it is not on the GPU that there is; empty where it is, or there is none.
    """

    name: str
    title: str
    licence: str
    source: str
    device: str
    description: str
    fault: str
    passed_over: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A model's file, which was not loaded.

    Args:
        bytes: its size; 0 where it cannot be read.
        sha256: of the file as it is; empty where it cannot be read.
    """

    name: str
    title: str
    licence: str
    source: str
    bytes: int
    sha256: str


_replaced: dict[str, ModelFiles] = {}
_device: Device = "auto"


def configure(
    overrides: Mapping[str, ModelFiles], preload: Collection[str] = (), device: Device = "auto"
) -> tuple[Check, ...]:
    """Say which of a user's models replace ours and where they run, and load some at once.

    A model that does not load is refused on the request that needs it, and only there.

    Returns:
        one check for each preloaded model.

    Raises:
        ModelUnavailable: no model has such a name.
    """
    global _device
    for name in (*overrides, *preload):
        _entry(name)
    _device = device
    _replaced.clear()
    _replaced.update(overrides)
    _kept.cache_clear()
    return tuple(_check(_entry(name), keep=True) for name in preload)


def check_all() -> tuple[Check, ...]:
    """Load every model that there is once, to tell which can be used, and keep none."""
    given = (slot for slot in SLOTS if is_given(slot.name))
    return tuple(_check(entry, keep=False) for entry in (*ENTRIES, *given))


def listed(replaced: Mapping[str, ModelFiles]) -> tuple[Listed, ...]:
    """The models that there are, a user's in place of ours."""
    given = (slot for slot in SLOTS if slot.name in replaced)
    return tuple(_listed(entry, replaced.get(entry.name)) for entry in (*ENTRIES, *given))


def names() -> list[str]:
    """Of all models, those that only a user can give too."""
    return [entry.name for entry in (*ENTRIES, *SLOTS)]


def is_given(name: str) -> bool:
    """Whether the user has given a model of his own."""
    return name in _replaced


@overload
def model(name: Literal["classifier"]) -> Model[Classifier]: ...
@overload
def model(name: Literal["detector"]) -> Model[Detector]: ...
@overload
def model(name: Literal["text_recognizer"]) -> Model[Recognizer]: ...
@overload
def model(name: str) -> Model[Description]: ...
def model(name: str) -> Model[Any]:
    """The model of that name; it stays loaded.

    Raises:
        ModelUnavailable: onnxruntime is absent, or the file is, or it is another than it should be.
    """
    return _kept(name)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """While the model of that name is loaded, or its answer read.

    Raises:
        ModelUnavailable: something of it is not what it should be.
    """
    try:
        yield
    except Misfit as misfit:
        raise _unusable(name, misfit) from None


@cache
def _kept(name: str) -> Model[Any]:
    return _load(_entry(name))


def _entry(name: str) -> Entry:
    for entry in (*ENTRIES, *SLOTS):
        if entry.name == name:
            return entry
    raise ModelUnavailable(f"There is no model {name!r}; expected one of {', '.join(names())}.")


def _check(entry: Entry, *, keep: bool) -> Check:
    told = _told(entry, _replaced.get(entry.name))
    try:
        loaded = model(entry.name) if keep else _load(entry)
    except ModelUnavailable as error:
        return Check(*told, device="", description="", fault=error.message)
    return Check(
        *told,
        device=loaded.device,
        description=str(loaded.description),
        fault="",
        passed_over=loaded.passed_over,
    )


def _listed(entry: Entry, own: ModelFiles | None) -> Listed:
    file = own.file if own else FOLDER / entry.file
    try:
        status = file.stat()
        digest = _digest(file, status.st_size, status.st_mtime_ns)
    except OSError:
        return Listed(*_told(entry, own), bytes=0, sha256="")
    return Listed(*_told(entry, own), bytes=status.st_size, sha256=digest)


@cache
def _digest(file: Path, size: int, changed_ns: int) -> str:
    """Once for each state of a file: some have hundreds of megabytes."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _told(entry: Entry, own: ModelFiles | None) -> tuple[str, str, str, str]:
    """Name, title, licence and source."""
    if own:
        return entry.name, own.file.stem, "the user's", "setting"
    return entry.name, entry.title, entry.licence, entry.source


def _title(entry: Entry) -> str:
    return _told(entry, _replaced.get(entry.name))[1]


def _load(entry: Entry) -> Model[Any]:
    files = _replaced.get(entry.name) or ModelFiles(FOLDER / entry.file, sha256=entry.sha256)
    with reading(entry.name):
        if entry in SLOTS and not is_given(entry.name):
            raise Misfit("there is none but a user's own, and none is given")
        _verify(files)
        session, passed_over = begin(files.file, _device)
        is_own = is_given(entry.name)
        told = read(files.file, type(entry.description)) if is_own else entry.description
        inputs, outputs = session.get_inputs(), session.get_outputs()
        description = told.fixed_by(check_input(entry, told, inputs))
        labels = _labels(entry, description, files.labels, session)
        names = find_outputs(entry, description, outputs, len(labels))
        is_single = description.batch == 1 or not description.is_batch or inputs[0].shape[0] == 1
        loaded = Model(
            name=entry.name,
            is_own=is_own,
            title=_title(entry),
            device="GPU" if session.get_providers()[0] == GPU else "CPU",
            passed_over=passed_over,
            labels=labels,
            description=description,
            outputs=names,
            is_single=is_single,
            session=session,
        )
        if is_own:
            try_out(entry, description, len(labels), loaded.run_all)
        if isinstance(description, Detector):
            check_classes(description, len(labels), are_given=files.labels is not None)
    return loaded


def _verify(files: ModelFiles) -> None:
    try:
        with files.file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise Misfit(f"its file cannot be read ({error.strerror})") from None
    if files.sha256 and found != files.sha256.lower():
        raise Misfit(
            f"its file's SHA-256 begins {found[:12]}; expected {files.sha256[:12].lower()}"
        )


def _labels(
    entry: Entry, description: Description, file: Path | None, session: Any
) -> tuple[Label, ...]:
    if entry.labels:
        return _read_labels(file or FOLDER / entry.labels)
    if isinstance(description, Recognizer):
        return _characters(description, file, session)
    return ()


def _read_labels(file: Path) -> tuple[Label, ...]:
    try:
        text = file.read_bytes().removeprefix(codecs.BOM_UTF8)
        listed = TypeAdapter(list[Label | str]).validate_json(text)
    except OSError as error:
        raise Misfit(f"its labels cannot be read ({error.strerror})") from None
    except ValidationError:
        raise Misfit("its labels are no JSON list of names, or of objects with a name") from None
    if not listed:
        raise Misfit("its labels are none; expected one a class")
    return tuple(Label(one) if isinstance(one, str) else one for one in listed)


def _characters(description: Recognizer, file: Path | None, session: Any) -> tuple[Label, ...]:
    """A recogniser's alphabet, with the class that is none of it and perhaps the space."""
    try:
        own: dict[str, str] = session.get_modelmeta().custom_metadata_map
        text = file.read_text("utf-8-sig") if file else own.get("character", "")
    except (OSError, UnicodeDecodeError):
        raise Misfit("its labels are no readable UTF-8 text") from None
    characters = [*text.rstrip("\n").split("\n"), *([" "] if description.space else [])]
    blank = 0 if description.blank == "first" else len(characters)
    return tuple(Label(one) for one in (*characters[:blank], "", *characters[blank:]))


def _failing(pictures: Pixels, error: Exception) -> Misfit:
    count, height, width, _ = pictures.shape
    shown = f"{count} of {width} x {height} px at once"
    hint = "; batch = 1 shows them one by one" if count > 1 else ""
    return Misfit(f"shown {shown}, it fails ({reason(error)}){hint}")


def _unusable(name: str, misfit: Misfit) -> ModelUnavailable:
    return ModelUnavailable(f"The model {name!r} cannot be used: {misfit}.")
