"""`pixelgate anonymize`: trees of pictures and videos with what must not be seen hidden."""

import mimetypes
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import orjson

from auth.jws_checks import Claims
from auth.receipts import as_json
from engines.anonymization.hiding import Method
from engines.anonymize import Params, Result
from engines.anonymize import anonymize as anonymize_picture
from engines.core.registry import engine_named
from engines.core.run import Answer, Computed, Job, name_of
from engines.core.shapes import SUFFIXES as SUFFIX_OF
from engines.core.shapes import File, Parameters, ResultFile
from engines.videos.anonymize_video import FRAMES, VIDEO, anonymize_video
from gateway.cli.analyze import (
    INTERRUPTED,
    SUFFIXES,
    Found,
    Order,
    Shelf,
    compute,
    find,
    read_params,
    with_params,
    with_paths,
)
from gateway.cli.command import load_settings
from gateway.receipts import Signer, digested_file, signer, treatment
from gateway.settings import Settings

KINDS = ("face", "license_plate", "person", "vehicle")
VIDEOS = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".wmv", ".flv")
ITSELF = "itself"
"""Name of the picture that takes the place of the one that was read."""
RECEIPT = ".receipt.json"


@click.command("anonymize")
@with_paths
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
    "--masks",
    is_flag=True,
    help="Write NAME.binary-mask.png and NAME.instance-mask.png, and of a video NAME.frames.jsonl.",
)
@click.option(
    "--receipts",
    "with_receipts",
    is_flag=True,
    help="Write NAME.receipt.json: what was hidden in which file, signed with the key in"
    " PIXELGATE_DATA, for `pixelgate receipt verify`.",
)
@with_params
def anonymize(
    paths: tuple[Path, ...],
    out: Path,
    kinds: tuple[str, ...],
    method: str,
    masks: bool,
    with_receipts: bool,
    pairs: tuple[str, ...],
) -> None:
    """Hide faces, licence plates, persons and vehicles in pictures and videos, without a server.

    Files keep their names and places below --out; a video becomes an MP4. The exit code is 0 if all
    of them are there, and 1 if one is not; each that is missing is named with its reason.
    """
    wanted = [f"{name}={not kinds or name.replace('_', '-') in kinds}" for name in KINDS]
    params = read_params(
        engine_named(anonymize_picture.__name__), [*wanted, f"method={method}", *pairs]
    )
    found = [*find(paths, (*SUFFIXES, *VIDEOS), leaving_out=out)]
    refuse_overwriting(paths, found, out)
    settings = load_settings()
    signs = own_signer(settings) if with_receipts else None
    with_masks = masks or method == Method.DETECT
    sys.exit(run(settings, found, params, out, signs, with_masks=with_masks))


def own_signer(settings: Settings) -> Signer:
    """Who signs receipts: the installation, which is not made for that.

    Raises:
        click.UsageError: it has no key.
    """
    if not any((settings.data / "keys").glob("*.pem")):
        raise click.UsageError(
            f"--receipts signs with the service's key, and there is none to be read in"
            f" {settings.data / 'keys'}. PIXELGATE_DATA names the service's data folder; the"
            " service makes a key when it is first started."
        )
    return signer(settings)


def run(
    settings: Settings,
    found: Sequence[Found],
    params: Parameters,
    out: Path,
    signs: Signer | None,
    *,
    with_masks: bool,
) -> int:
    """Compute pictures, then videos, say what was left out, and answer the exit code."""
    code = 0
    videos = [one for one in found if one.path.suffix.lower() in VIDEOS]
    pictures = [one for one in found if one not in videos]
    if not videos or any(one.is_wanted for one in pictures):
        present = name_of(picture_and_masks if with_masks else picture_alone)
        order = Order(engine_named(anonymize_picture.__name__), params, present=present)
        code = compute(settings, order, pictures, Gallery(out, signs))
    if videos and code != INTERRUPTED:
        engine = engine_named(anonymize_video.__name__)
        films = VideoOrder(engine, params, present=name_of(video), out=out)
        gallery = VideoGallery(out, signs, with_frames=with_masks)
        code = compute(settings, films, videos, gallery) or code
    others = [one.path for one in found if not one.is_wanted and _shows_something(one.path)]
    for path in others:
        click.echo(f"{path}: left out; expected a JPEG, PNG, GIF or a video.", err=True)
    return code or (1 if others else 0)


def picture_alone(computed: Computed) -> Answer:
    """A line of what was found, and the picture that takes the place of the one that was read."""
    result = computed.result
    assert isinstance(result, Result)
    found = result.model_dump(mode="json", include={"objects", "size"})
    details = result.details.model_dump(mode="json")
    picture = [ResultFile(ITSELF, result.picture).encoded()] if result.picture else []
    line = orjson.dumps({"result": found, "details": details})
    return Answer(line, "application/json", tuple(picture))


def picture_and_masks(computed: Computed) -> Answer:
    """The same, and its masks."""
    answer, result = picture_alone(computed), computed.result
    assert isinstance(result, Result)
    masks = {"binary-mask.png": result.binary_mask, "instance-mask.png": result.instance_mask}
    files = [ResultFile(name, mask).encoded() for name, mask in masks.items() if mask]
    return replace(answer, files=(*answer.files, *files))


def video(computed: Computed) -> Answer:
    """A line of what was found; the video lies where the engine wrote it."""
    details = computed.result.details.model_dump(mode="json")
    line = {"result": computed.result.model_dump(mode="json"), "details": details}
    return Answer(orjson.dumps(line), "application/json")


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


class SigningShelf(Shelf):
    """A folder where every result has a receipt, if there is somebody who signs it."""

    def __init__(self, out: Path, signer: Signer | None) -> None:
        super().__init__(out)
        self._out = out
        self._signer = signer

    def is_whole(self, written: Sequence[str]) -> bool:
        is_signed = any(name.endswith(RECEIPT) for name in written)
        return (is_signed or self._signer is None) and super().is_whole(written)

    def note(self, found: Found, line: dict[str, Any]) -> None:
        if self._signer:
            receipt = f"{found.name}{RECEIPT}"
            signed = as_json(self._signer.sign(_stated(found, line, self._out)))
            (self._out / receipt).write_bytes(signed)
            line["files"].append(receipt)
        super().note(found, line)


def _stated(found: Found, line: dict[str, Any], out: Path) -> Claims:
    """What a receipt states, of what the results say of a file."""
    params, result = Params.model_validate(line["params"]), line["result"]
    objects = result.get("objects", [])
    told = [{name: one[name] for name in ("kind", "score", "box")} for one in objects]
    models = result.get("models") or {one["kind"]: one["model"] for one in objects}
    made = None if params.method is Method.DETECT else line["files"][0]
    return {
        **treatment(params, result.get("found", told), models),
        "input": digested_file(str(found.name), found.path),
        "output": digested_file(made, out / made) if made else None,
    }


class Gallery(SigningShelf):
    """A folder of pictures under the names that they had, if they are of the same format."""

    def name(self, found: Found, file: File) -> str:
        if file.name != ITSELF:
            return super().name(found, file)
        is_alike = mimetypes.guess_type(found.path.name)[0] == file.media_type
        return str(found.name) if is_alike else f"{found.name}{SUFFIX_OF[file.media_type]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOrder(Order):
    """What is to be computed of every video; it is written beside its place, until it is whole."""

    out: Path

    def job(self, found: Found) -> Job:
        draft = _draft(self.out, found)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        inputs = (found.path.resolve(), draft.resolve())
        return Job(self.engine.name, inputs, self.params, self.present)


class VideoGallery(SigningShelf):
    """A folder of videos under the names that they had."""

    def __init__(self, out: Path, signer: Signer | None, *, with_frames: bool) -> None:
        super().__init__(out, signer)
        self._names = {VIDEO: ".mp4", **({FRAMES: f".{FRAMES}"} if with_frames else {})}

    def put(self, order: Order, found: Found, answer: Answer) -> None:
        draft, files = _draft(self._out, found), list[str]()
        for made, suffix in self._names.items():
            if (draft / made).exists():
                is_alike = suffix == found.path.suffix.lower()
                files.append(str(found.name) if is_alike else f"{found.name}{suffix}")
                (draft / made).replace(self._out / files[-1])
        self.give_up(found)
        self.note(found, order.line(found.path) | orjson.loads(answer.body) | {"files": files})

    def give_up(self, found: Found) -> None:
        shutil.rmtree(_draft(self._out, found), ignore_errors=True)


def _draft(out: Path, found: Found) -> Path:
    return out / f"{found.name}.part"
