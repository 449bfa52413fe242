"""What a process of ours remembers: found by reading the source, by importing it, by running it.

`python -m tests.process_state postgresql://…` runs a gateway's parts, idle, and prints the
attributes of all objects of ours that are then alive and may change, in a process without a test's
own leavings.
"""

import ast
import asyncio
import gc
import importlib
import inspect
import json
import pkgutil
import re
import struct
import sys
import tempfile
import textwrap
import types
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import date, tzinfo
from enum import Enum
from functools import cache, cached_property
from ipaddress import IPv6Network
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

import auth
import engines
import gateway
from gateway.app import create_app
from gateway.settings import Settings

PACKAGES = (auth, engines, gateway)
OURS = tuple(one.__name__ for one in PACKAGES)
CACHES = {"cache", "lru_cache"}
MUTATORS = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "move_to_end", "pop"),
    *("popitem", "popleft", "remove", "set", "setdefault", "sort", "subtract", "update"),
}
CONTAINERS = (dict, list, set, bytearray)
CONSTANTS = (
    *(str, bytes, int, float, complex, type(None), tuple, frozenset, range, Enum, type),
    *(types.ModuleType, types.FunctionType, types.MappingProxyType, types.UnionType),
    *(re.Pattern, struct.Struct, Path, date, tzinfo, IPv6Network, BaseModel, TypeAdapter),
)
"""Of values that nobody can change, or that are only read: pydantic's models are told by name."""
DESCRIPTORS = (
    *(types.MemberDescriptorType, types.GetSetDescriptorType, types.GenericAlias),
    *(property, cached_property, staticmethod, classmethod),
)
DECLARING = ("typing", "sqlalchemy", "structlog", "logging", "numpy", "click", "dataclasses")
"""Libraries whose objects in modules are types, tables, loggers and numbers."""


def modules() -> Iterator[types.ModuleType]:
    """All of ours that are not commands to be run, or migrations."""
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "__main__" not in found.name and ".migrations" not in found.name:
                yield importlib.import_module(found.name)


def changed_by_source() -> set[str]:
    """Names of modules that functions change or bind anew, and functions that remember answers."""
    return {
        f"{module.__name__}.{name}"
        for module in modules()
        for name in changed(ast.parse(inspect.getsource(module)), vars(module))
    }


def changed(tree: ast.Module, names: Mapping[str, object]) -> set[str]:
    """Which of a module's names its functions change."""
    functions = [
        one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    found = {one.name for one in functions if {*map(_called, one.decorator_list)} & CACHES}
    for function in functions:
        own = {one.arg for one in ast.walk(function) if isinstance(one, ast.arg)}
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                found |= {*node.names}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.add(node.id)
        changed = {_changed_name(node, names) for node in ast.walk(function)}
        found |= changed & {*names} - own
    return found


def _called(decorator: ast.expr) -> str:
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")


def _changed_name(node: ast.AST, names: Mapping[str, object]) -> str:
    """Which name is changed in place by this, if any is."""
    target: ast.AST | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        target = node.func.value if node.func.attr in MUTATORS else None
    elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
        target = node.value
    if not isinstance(target, ast.Name):
        return ""
    # `np.add` adds to nothing; but a library's own variable may be set.
    is_function = isinstance(node, ast.Call) and isinstance(names.get(target.id), types.ModuleType)
    return "" if is_function else target.id


def kept_by_import() -> set[str]:
    """Names of modules, and of classes there, that hold what is neither constant nor a table.

    A table is a container that no source changes, see `changed_by_source`.
    """
    found = set[str]()
    for module in modules():
        own = {one for one in vars(module).values() if _is_of(one, module)}
        found |= {f"{module.__name__}.{name}" for name in _held(vars(module), CONTAINERS)}
        for one in own:
            found |= {f"{one.__module__}.{one.__name__}.{name}" for name in _held_by(one)}
    return found


def _is_of(value: object, module: types.ModuleType) -> bool:
    return isinstance(value, type) and value.__module__ == module.__name__


def _held_by(owner: type) -> Iterator[str]:
    """What a class, not its objects, holds; pydantic's, enumerations' and tuples' are declared."""
    if not issubclass(owner, BaseModel | Enum | tuple):
        yield from _held(vars(owner), DESCRIPTORS)


def _held(names: Mapping[str, object], passed_over: tuple[type, ...]) -> Iterator[str]:
    for name, value in names.items():
        is_constant = isinstance(value, (*CONSTANTS, *passed_over)) or _is_frozen(value)
        is_declared = type(value).__module__.startswith(DECLARING)
        # An object has the module of its class, but no such name: this is another's function.
        home = getattr(value, "__module__", "") if hasattr(value, "__qualname__") else None
        is_imported = home is not None and home != names.get("__name__")
        if not (name.startswith(("__", "_abc_")) or is_constant or is_declared or is_imported):
            yield name


def _is_frozen(value: object) -> bool:
    told = getattr(type(value), "__dataclass_params__", None)
    return told is not None and bool(told.frozen)


async def kept_by_running(database: str) -> set[str]:
    """Attributes of objects of ours that may change, `class.attribute`, in an idle gateway.

    Those that a method binds anew, and all containers. Pydantic's models are passed over.
    """
    async with AsyncExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        apps = [create_app(settings) for settings in _kinds(folder, database)]
        # What requests find in their state is held by the server, which is not there.
        states = [
            await running.enter_async_context(app._app.lifespan_context(app))  # type: ignore[attr-defined]
            for app in apps
        ]
        assert all(states)
        return {name for one in gc.get_objects() for name in _changing(one)}


def _kinds(folder: Path, database: str) -> Iterator[Settings]:
    """Settings that between them have all kinds of parts made."""
    yield Settings(data=folder / "one", slots=1, rate_limit="9/day", cache="memory://")
    yield Settings(
        data=folder / "other",
        database=database,
        slots=1,
        rate_limit="9/day",
        limits="redis://127.0.0.1:1",
        cache="redis://127.0.0.1:1",
        issuer="https://issuer.example",
        pool="processes",
    )


def _changing(one: object) -> Iterator[str]:
    kind = type(one)
    if not str(kind.__module__).startswith(tuple(f"{name}." for name in OURS)):
        return
    if isinstance(one, BaseModel):
        return
    own = [each for each in kind.__mro__ if each.__module__.startswith(OURS)]
    rebound = set[str]().union(*map(_rebound, own))
    for name, value in _attributes(one):
        library = type(value).__module__
        if (
            name in rebound
            or isinstance(value, CONTAINERS)
            or library in ("weakref", "collections")
        ):
            yield f"{kind.__module__}.{kind.__qualname__}.{name}"


def _attributes(one: object) -> Iterator[tuple[str, object]]:
    yield from getattr(one, "__dict__", {}).items()
    for kind in type(one).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(one, name) and not name.startswith("__"):
                yield name, getattr(one, name)


@cache
def _rebound(kind: type) -> set[str]:
    """Attributes that methods bind anew, or to which they add."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):
        return set()
    return {
        node.attr
        for method in ast.walk(tree)
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
        if method.name not in ("__init__", "__post_init__")
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
    }


if __name__ == "__main__":
    json.dump(sorted(asyncio.run(kept_by_running(sys.argv[1]))), sys.stdout)
