"""Projects: TOML files that name the modules of an inspection, read and checked at start."""

import hashlib
import hmac
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, StrictBool, ValidationError
from pydantic_core import ErrorDetails

from engines.core import pixels
from engines.core.errors import EngineError
from engines.core.pixels import Mode
from engines.core.registry import engine_named
from engines.inspection.conditions import CONDITIONS, Condition, Measure
from engines.inspection.findings import FINDINGS
from engines.inspection.flow import PHOTOGRAPH, Module, Params, Reference
from engines.inspection.preprocessing import STEPS, Preprocessing

SHA256 = re.compile("[0-9a-f]{64}")
DEFAULT = Path(__file__).parent / "default.toml"

_MODULE, _CONDITION = "module", "good_if"
_OWN = ("use", "name", "reference", "labels")
"""Keys of a module that are not its engine's."""

Model = TypeVar("Model", bound=BaseModel)
Table = dict[str, Any]


class ProjectInvalid(Exception):
    """A project's file cannot be read; the message names the file and the line."""


class Head(BaseModel):
    """What stands before all modules."""

    processing: StrictBool = True
    stop_key_sha256: str = ""


class _Fault(Exception):
    """What is wrong with a table, and the key that it is about."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class Project:
    """What a file describes.

    Args:
        name: the file's, without its ending.
        flow: its modules and conditions.
        digest: of both, and of reference pictures: a changed project is another.
        is_processing: whether it analyses at all, PEKAT's "Enable Process".
        stop_key_sha256: of the key that stops it; empty where none does.
    """

    name: str
    flow: Params
    digest: str
    is_processing: bool = True
    stop_key_sha256: str = ""

    def is_stopped_by(self, key: str) -> bool:
        """Whether this is its stop key."""
        return hmac.compare_digest(sha256_of(key), self.stop_key_sha256)


def sha256_of(key: str) -> str:
    """What a project's file has of a stop key, which is long and random."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_project(path: Path) -> Project:
    """The project that a file describes, checked as far as that goes without a picture.

    Raises:
        ProjectInvalid: the file cannot be read, or something in it.
    """
    try:
        text = path.read_text("utf-8")
        told = tomllib.loads(text)
    except OSError as error:
        raise ProjectInvalid(f"{path}: {error.strerror}.") from None
    except ValueError as error:  # no TOML, which names the line, or no UTF-8
        raise ProjectInvalid(f"{path}: {error}.") from None
    source = _Source(path, text.splitlines())
    with source.table():
        head = _head(told)
    flow = _flow(source, told)
    digest = hashlib.sha256(f"{path.stem}\n{flow.model_dump_json()}".encode()).hexdigest()
    return Project(path.stem, flow, digest, head.processing, head.stop_key_sha256)


@dataclass(frozen=True, slots=True)
class _Source:
    """A file, and where in it a fault is."""

    path: Path
    lines: list[str]

    @contextmanager
    def table(self, name: str = "", place: int = 0) -> Iterator[None]:
        """What is wrong with a table, or before all of them, is said with its line."""
        try:
            yield
        except _Fault as fault:
            line = self._line(self._start(name, place) if name else 0, fault.key)
            raise ProjectInvalid(f"{self.path}, line {line}: {fault}") from None

    def _start(self, name: str, place: int) -> int:
        """Where a table begins; tomllib does not tell."""
        ours = (one for one in self._heads if re.match(rf"\s*\[\[\s*{name}\b", self.lines[one - 1]))
        return next(islice(ours, place, None), 0)  # 0 if written in another of TOML's ways

    def _line(self, start: int, key: str) -> int:
        """Where a key of the table is that begins there, or the table."""
        end = next((one for one in self._heads if one > start), len(self.lines) + 1)
        within = (
            number
            for number in range(start + 1, end)
            if key and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", self.lines[number - 1])
        )
        return next(within, max(start, 1))

    @property
    def _heads(self) -> list[int]:
        """The lines that begin a table."""
        return [number for number, line in enumerate(self.lines, 1) if re.match(r"\s*\[", line)]


def _head(told: Table) -> Head:
    known = [*Head.model_fields, _MODULE, _CONDITION]
    if unknown := told.keys() - {*known}:
        listed = ", ".join(known)
        raise _Fault(f"{min(unknown)} is unknown; expected one of {listed}.", min(unknown))
    digest = str(told.get("stop_key_sha256", ""))
    if digest and not SHA256.fullmatch(digest):  # it may be the key itself: not to be repeated
        raise _Fault(
            "stop_key_sha256 is no SHA-256; expected 64 hexadecimal digits.", "stop_key_sha256"
        )
    return _checked(Head, {key: told[key] for key in told.keys() & Head.model_fields.keys()})


def _flow(source: _Source, told: Table) -> Params:
    preprocessing = list[Preprocessing]()
    modules = list[Module]()
    for place, table in enumerate(_tables(source, told, _MODULE)):
        with source.table(_MODULE, place):
            use = str(table.get("use"))
            if use not in STEPS:
                modules.append(_module(table, source.path.parent, [one.name for one in modules]))
            elif modules:
                raise _Fault(f"{use} stands behind an engine; preprocessing comes first.")
            else:
                preprocessing.append(_checked(STEPS[use], table))
    if not modules:
        raise ProjectInvalid(f"{source.path}: there is no module that is an engine.")
    conditions = list[Condition]()
    for place, table in enumerate(_tables(source, told, _CONDITION)):
        with source.table(_CONDITION, place):
            conditions.append(_condition(table, modules))
    return Params(
        preprocessing=tuple(preprocessing), modules=tuple(modules), good_if=tuple(conditions)
    )


def _tables(source: _Source, told: Table, name: str) -> list[Table]:
    tables = told.get(name, [])
    if not (isinstance(tables, list) and all(isinstance(one, dict) for one in tables)):
        raise ProjectInvalid(f"{source.path}: {name} is no table; expected [[{name}]].")
    return tables


def _module(table: Table, folder: Path, names: list[str]) -> Module:
    name = str(table.get("use"))
    if name not in FINDINGS:
        known = ", ".join([*STEPS, *FINDINGS])
        raise _Fault(f"use is {table.get('use')!r}; expected one of {known}.", "use")
    one = engine_named(name)
    params = {key: value for key, value in table.items() if key not in _OWN}
    if unknown := params.keys() - one.params.model_fields.keys():
        known = ", ".join([*one.params.model_fields, *_OWN])
        raise _Fault(f"{name} has no {min(unknown)}; it has {known}.", min(unknown))
    takes_two = sum(each.is_required for each in one.inputs) > 1
    if takes_two != ("reference" in table):
        must = "compares with a reference, and none" if takes_two else "compares with none, and one"
        raise _Fault(f"{name} {must} is named.", "reference")
    called = table.get("name", name)
    if called in names:
        raise _Fault(f"Two modules are called {called}; give each a name.", "name")
    return _checked(
        Module,
        {
            "name": called,
            "engine": name,
            "params": _checked(one.params, params).model_dump(mode="json"),
            "reference": _reference(folder, table["reference"]) if takes_two else None,
            "labels": table.get("labels", ()),
        },
    )


def _reference(folder: Path, name: object) -> Reference:
    """The picture, decoded once to see that it can be."""
    if not isinstance(name, str):
        raise _Fault("reference is no text; expected a picture's path.", "reference")
    path = folder.resolve() / name
    try:
        data = path.read_bytes()
        pixels.decode(data, Mode.COLOUR, PHOTOGRAPH.accepts)
    except OSError as error:
        raise _Fault(f"{path}: {error.strerror}.", "reference") from None
    except EngineError as error:
        raise _Fault(f"{path}: {error}.", "reference") from None
    return Reference(path=path, sha256=hashlib.sha256(data).hexdigest())


def _condition(table: Table, modules: list[Module]) -> Any:
    kinds = [key for key in CONDITIONS if key in table]
    if len(kinds) != 1:
        raise _Fault(f"A condition has one of {', '.join(CONDITIONS)}.")
    condition = _checked(CONDITIONS[kinds[0]], table)
    if isinstance(condition, Measure) and not _is_number(condition.measure, modules):
        raise _Fault(f"{condition.measure} is no number of a module before it.", "measure")
    return condition


def _is_number(measure: str, modules: list[Module]) -> bool:
    """Whether a module's result has a number there."""
    name, *path = measure.split(".")
    engine = next((one.engine for one in modules if one.name == name), None)
    kind: Any = engine_named(engine).result if engine else None
    for step in path:
        parts = [kind, *getattr(kind, "__args__", ())]  # of `Scores | None`
        fields: dict[str, Any] = next(
            (one.model_fields for one in parts if hasattr(one, "model_fields")), {}
        )
        kind = fields[step].annotation if step in fields and not fields[step].exclude else None
    return kind in (bool, int, float)


def _checked(model: type[Model], table: Table) -> Model:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise _Fault(_sentence(fault), str(fault["loc"][0]) if fault["loc"] else "") from None


def _sentence(fault: ErrorDetails) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    expected = fault["msg"].replace("Input should be ", "").replace("Value error, ", "")
    expected = expected.replace("a valid tuple", "a list")
    expected = expected.replace("a valid boolean", "true or false")
    match fault["type"]:
        case "missing":
            return f"{name} is missing."
        case "extra_forbidden":
            return f"{name} is unknown."
        case _ if not name:
            return f"There is no {expected}."
        case _:
            return f"{name} is {fault['input']!r}; expected {expected}."
