"""`pixelgate anonymize`: trees of pictures written again with what must not be seen hidden."""

import mimetypes
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import orjson

from engines.anonymization.hiding import Method
from engines.anonymize import Result
from engines.anonymize import anonymize as anonymize_picture
from engines.core.registry import engine_named
from engines.core.run import Answer, Computed, name_of
from engines.core.shapes import SUFFIXES, File, ResultFile
from gateway.cli.analyze import Found, Order, Shelf, compute, find, read_params
from gateway.cli.command import load_settings

KINDS = ("face", "license_plate", "person", "vehicle")
ITSELF = "itself"
"""Name of the picture that takes the place of the one that was read."""


@click.command("anonymize")
@click.argument(
    "paths",
    metavar="FILE|FOLDER...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the pictures, under their own names, and results.jsonl; what is there already"
    " is not computed again.",
)
@click.option(
    "--hide",
    "kinds",
    multiple=True,
    type=click.Choice([one.replace("_", "-") for one in KINDS]),
    help="What to hide; may be given several times. Without it, all four.",
)
@click.option(
    "--method",
    type=click.Choice([one.value for one in Method]),
    default=Method.BLUR.value,
    show_default=True,
    help="detect writes masks and results.jsonl alone.",
)
@click.option(
    "--masks", is_flag=True, help="Write NAME.binary-mask.png and NAME.instance-mask.png."
)
@click.option("--param", "pairs", multiple=True, metavar="NAME=VALUE", help="As the service takes.")
def anonymize(
    paths: tuple[Path, ...],
    out: Path,
    kinds: tuple[str, ...],
    method: str,
    masks: bool,
    pairs: tuple[str, ...],
) -> None:
    """Hide faces, licence plates, persons and vehicles in pictures, without a server.

    Pictures keep their names and places below --out. The exit code is 0 if all of them are there,
    and 1 if one is not; each that is missing is named with its reason.
    """
    wanted = [f"{name}={not kinds or name.replace('_', '-') in kinds}" for name in KINDS]
    found = [*find(paths, leaving_out=out)]
    refuse_overwriting(paths, found, out)
    engine = engine_named(anonymize_picture.__name__)
    order = Order(
        engine,
        read_params(engine, [*wanted, f"method={method}", *pairs]),
        present=name_of(with_masks if masks or method == Method.DETECT else alone),
    )
    code = compute(load_settings(), order, found, Gallery(out))
    others = [one.path for one in found if not one.is_picture and _shows_something(one.path)]
    for path in others:
        click.echo(f"{path}: left out; expected a JPEG, PNG or GIF.", err=True)
    sys.exit(code or (1 if others else 0))


def alone(computed: Computed) -> Answer:
    """A line of what was found, and the picture that takes the place of the one that was read."""
    result = computed.result
    assert isinstance(result, Result)
    found = result.model_dump(mode="json", include={"objects", "size"})
    details = result.details.model_dump(mode="json")
    picture = [ResultFile(ITSELF, result.picture).encoded()] if result.picture else []
    line = orjson.dumps({"result": found, "details": details})
    return Answer(line, "application/json", tuple(picture))


def with_masks(computed: Computed) -> Answer:
    """The same, and its masks."""
    answer, result = alone(computed), computed.result
    assert isinstance(result, Result)
    masks = {"binary-mask.png": result.binary_mask, "instance-mask.png": result.instance_mask}
    files = [ResultFile(name, mask).encoded() for name, mask in masks.items() if mask]
    return replace(answer, files=(*answer.files, *files))


def _shows_something(path: Path) -> bool:
    kind, _ = mimetypes.guess_type(path.name)
    return (kind or "").startswith(("image/", "video/"))


def refuse_overwriting(paths: Sequence[Path], found: Sequence[Found], out: Path) -> None:
    """See that every picture gets a place of its own, and that none is one that is read.

    Raises:
        click.UsageError: it is not so.
    """
    target = out.resolve()
    for path in paths:
        source = path.resolve() if path.is_dir() else path.resolve().parent
        if target == source or target in source.parents:
            raise click.UsageError(
                f"--out is or holds {path}, whose pictures would be overwritten."
            )
    twice = [name for name, count in Counter(one.name for one in found).items() if count > 1]
    if twice:
        raise click.UsageError(f"{min(twice)} is there twice; anonymize the folders one by one.")


class Gallery(Shelf):
    """A folder of pictures under the names that they had, if they are of the same format."""

    def name(self, found: Found, file: File) -> str:
        if file.name != ITSELF:
            return super().name(found, file)
        is_alike = mimetypes.guess_type(found.path.name)[0] == file.media_type
        return str(found.name) if is_alike else f"{found.name}{SUFFIXES[file.media_type]}"
