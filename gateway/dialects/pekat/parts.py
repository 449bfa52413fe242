"""What PEKAT's routes find beside the service's own parts: projects, and what became of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request

from gateway.dialects.pekat.projects import DEFAULT, Project, read_project
from gateway.dialects.pekat.stopping import StoppedProjects
from gateway.errors import UnknownPath
from gateway.flow import State
from gateway.settings import ProjectFile, Settings
from gateway.store.database import Database

NAME = "pekat"
"""Of the dialect."""


class Projects:
    """The projects that run, and which of them a request is for.

    Args:
        files: theirs; the first is meant where a request says nothing else.
    """

    def __init__(self, files: Iterable[ProjectFile]) -> None:
        self._by_name: dict[str, Project] = {}
        self._by_port: dict[int, Project] = {}
        for file in files:
            project = self._by_name[file.name] = read_project(file.path)
            if file.port:
                self._by_port[file.port] = project

    def of(self, request: Request[State]) -> Project:
        """The project that is named in the path, or else to whose port the request came.

        Raises:
            UnknownPath: none has the name.
        """
        name = request.path_params.get("project")
        if name is None:
            _, port = request.scope["server"]  # the socket's own, whatever `Host` says
            return self._by_port.get(port) or next(iter(self._by_name.values()))
        if name not in self._by_name:
            raise UnknownPath("There is no project of this name.")
        return self._by_name[name]


@dataclass(frozen=True, slots=True)
class Parts:
    """In one gateway process."""

    projects: Projects
    stopped: StoppedProjects


def open_parts(settings: Settings, database: Database) -> Parts:
    """Read the projects.

    Raises:
        ProjectInvalid: one cannot be read.
    """
    files = settings.project_files or (ProjectFile(DEFAULT.stem, DEFAULT, None),)
    return Parts(Projects(files), StoppedProjects(database))


def parts_of(request: Request[State]) -> Parts:
    """Of the service that a request came to."""
    parts = request.state["parts"][NAME]
    assert isinstance(parts, Parts)
    return parts
