"""What pyproject.toml cannot say: the package holds its documents as pages."""

import subprocess
import sys

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithPages(build_py):
    """The usual step, once the pages are where it looks for the package's data."""

    def run(self) -> None:
        subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict"], check=True)
        super().run()


setup(cmdclass={"build_py": BuildWithPages})
