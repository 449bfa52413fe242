"""Figures of `anonymize_video`: faces stay hidden while they move, are missed, and scenes change.

Each video has four scenes: a head that swings, the same head at rest, no head, a head that
passes by.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeAlias

import av
import cv2
import numpy as np
import skimage.data

from benchmarks.quality.row import Row
from engines.anonymization import detectors
from engines.anonymization.sighting import Kind, Sighting
from engines.core.shapes import Box, Pixels
from engines.videos.hiding import hide_in_video
from engines.videos.summary import HiddenFrame
from engines.vision.boxes import iou

SEED = 2026
VIDEOS = 2
SCENE = 25
"""Frames of each scene, of which five are kept from the detector where there is a head."""
SIZE = (640, 360)
THRESHOLD = 0.3
HEAD = Box(140, 40, 310, 220)
FACE = Box(180, 76, 264, 172)
"""In the astronaut's picture: what is pasted, and what must be covered, from brow to chin."""
PLACES = ("coffee", "rocket", "chelsea", "hubble_deep_field")

Random: TypeAlias = np.random.Generator


class Shot(NamedTuple):
    """A frame, where a face is in it, and whether the detector may look."""

    picture: Pixels
    face: Box | None
    is_missed: bool


class Judged(NamedTuple):
    """Of one video: per frame with a face the share covered, with and without following."""

    covered: list[float]
    detected: list[float]
    dropouts: list[float]
    changes: list[float]
    carried: int


def rows(count: int = VIDEOS, seed: int = SEED) -> list[Row]:
    """The table, on so many videos of four scenes."""
    random = np.random.default_rng(seed)
    judged = [_judge(video(random)) for _ in range(count)]
    covered, detected, dropouts, changes = (
        np.concatenate([video[number] for video in judged]) for number in range(4)
    )
    carried = sum(video.carried for video in judged)
    return [
        _share("frames whose face is covered by 0.98", covered >= 0.98, "100.0%", 1.0, seed),
        _share("the same, of what was detected alone", detected >= 0.98, "-", 0.0, seed),
        _share("dropouts of 5 frames closed", dropouts >= 0.98, "100.0%", 1.0, seed),
        Row("things carried over a cut", str(carried), "0", carried == 0, 2 * count, seed),
        Row(
            "change of a region from frame to frame, face at rest: mean, most",
            f"{changes.mean():.3f}, {changes.max():.3f}",
            "<= 0.1",
            bool(changes.max() <= 0.1),
            len(changes),
            seed,
        ),
    ]


def _share(case: str, hits: np.ndarray, target: str, least: float, seed: int) -> Row:
    share = float(hits.mean())
    return Row(case, f"{share:.1%}", target, share >= least, len(hits), seed)


def video(random: Random) -> list[Shot]:
    """Four scenes."""
    side = int(random.integers(60, 160))
    left, top = int(random.integers(60, 400)), int(random.integers(20, 330 - side))
    swing = [left + round(0.5 * side * np.sin(0.25 * frame)) for frame in range(SCENE)]
    step = int(random.integers(2, 9))
    scenes = [swing, [swing[-1]] * SCENE, None, [40 + step * frame for frame in range(SCENE)]]
    places = [0, 0, *random.permutation([1, 2, 3])[:2]]
    return [
        shot
        for lefts, place in zip(scenes, places, strict=True)
        for shot in _scene(PLACES[place], lefts, top, side, random)
    ]


def _scene(
    name: str, lefts: Sequence[int] | None, top: int, side: int, random: Random
) -> Iterator[Shot]:
    back = cv2.resize(getattr(skimage.data, name)()[..., 2::-1], SIZE)
    head = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    head = head[HEAD.top : HEAD.bottom, HEAD.left : HEAD.right, ::-1]
    scale = side / (HEAD.bottom - HEAD.top)
    small = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    begin = int(random.integers(6, SCENE - 10))
    for frame in range(SCENE):
        picture, face = back + random.normal(0, 3, back.shape), None
        if lefts:
            x = lefts[frame]
            picture[top : top + small.shape[0], x : x + small.shape[1]] = small
            edges = np.subtract(FACE, (HEAD.left, HEAD.top) * 2) * scale + (x, top, x, top)
            face = Box(*np.rint(edges).astype(int).tolist())
        pixels = np.clip(picture, 0, 255).astype(np.uint8)
        yield Shot(pixels, face, bool(lefts) and begin <= frame < begin + 5)


def _judge(shots: Sequence[Shot]) -> Judged:
    seen: list[list[Sighting]] = []

    def sight(image: Pixels, time: int | None) -> list[Sighting]:
        is_missed = shots[len(seen)].is_missed
        seen.append(
            [] if is_missed else detectors.sight(image, {Kind.FACE: THRESHOLD}, lambda _: None)
        )
        return seen[-1]

    hidden: list[HiddenFrame] = []
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "in.mp4"), Path(folder, "out.mp4")
        write(source, [shot.picture for shot in shots])
        summary = hide_in_video(
            source, target, sight=sight, hide=_blacken, report=lambda _: None, record=hidden.append
        )
        with av.open(str(target), "r") as reader:
            shown = [
                np.asarray(frame.to_ndarray(format="gray"), np.uint8)
                for frame in reader.decode(video=0)
            ]
    faces = {number: shot.face for number, shot in enumerate(shots) if shot.face}
    covered = {number: _dark(shown[number], face) for number, face in faces.items()}
    missed = [number for number in faces if shots[number].is_missed]
    cuts = (2 * SCENE, 3 * SCENE)
    return Judged(
        list(covered.values()),
        [_covered(seen[number], face) for number, face in faces.items()],
        [min(covered[number] for number in missed[at : at + 5]) for at in range(0, len(missed), 5)],
        [
            1 - iou(_around(hidden[one], faces[one]), _around(hidden[two], faces[two]))
            for one, two in pairwise(range(SCENE + 1, 2 * SCENE))
        ],
        sum(thing.first < cut <= thing.last for thing in summary.things.values() for cut in cuts),
    )


def write(path: Path, pictures: Sequence[Pixels], **options: str) -> None:
    """A video of 25 frames a second, by x264 with options."""
    with av.open(str(path), "w") as writer:
        stream = writer.add_stream("libx264", 25, {"crf": "20", **options})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))


def _blacken(image: Pixels, sightings: Sequence[Sighting]) -> Pixels:
    bright = np.maximum(image, 60)
    for one in sightings:  # Together, what two of them hold would count as outside.
        cv2.fillPoly(bright, [one.outline], (0, 0, 0))
    return bright


def _part(image: Pixels, face: Box) -> Pixels:
    return image[face.top : face.bottom, face.left : face.right]


def _dark(image: Pixels, face: Box) -> float:
    """The share of a face that was covered: all else is 60 at least."""
    return float((_part(image, face) < 24).mean())


def _covered(sightings: Sequence[Sighting], face: Box) -> float:
    blank = np.full((SIZE[1], SIZE[0], 3), 128, np.uint8)
    return _dark(_blacken(blank, sightings)[..., 0], face)


def _around(frame: HiddenFrame, face: Box) -> Box:
    """The box of the thing that covers the face."""
    return max((one.box for one in frame.sightings.values()), key=lambda box: iou(box, face))
