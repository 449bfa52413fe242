"""What the documents as pages have beside `docs/`; MkDocs calls these functions."""

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Link, Navigation

ROOT = Path(__file__).parents[1]
BESIDE = (
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "NOTICE"),
    *("openapi.yaml", "engines/weights/NOTICE", "deploy/*", "deploy/*/*", "deploy/*/*/*"),
    *("examples/README.md", "examples/page.html", "examples/scratches/*"),
)


def on_config(config: MkDocsConfig) -> None:
    """No page for wrong addresses: it would have to know its own."""
    config.theme.static_templates.discard("404.html")


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add what pages lead to; of a folder, README is the first page."""
    for path in (path for pattern in BESIDE for path in sorted(ROOT.glob(pattern))):
        if path.is_file():
            name = path.relative_to(ROOT).as_posix()
            files.append(File.generated(config, name, abs_src_path=str(path)))


def on_nav(nav: Navigation, **_: Any) -> None:
    """Add what the service has beside these pages; MkDocs would miss its file."""
    nav.items.append(Link("Swagger UI", "../swagger?urls.primaryName=Core"))


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Write links as they are where `docs/` is the root."""
    return markdown.replace("](../", "](").replace("](docs/", "](")
