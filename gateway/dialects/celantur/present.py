"""What the engine hid, in Celantur's words, and the files that it made."""

from typing import Any

import orjson

from engines import anonymize
from engines.core.run import Answer, Computed
from engines.core.shapes import ResultFile
from engines.videos import anonymize_video, video_chunks, video_sightings
from engines.videos.anonymize_video import FRAMES, INDEX, VIDEO
from engines.vision.scaled_mask import Result as ScaledMask
from gateway.dialects.celantur.models import TYPES, Detection, FrameMetadata, ImageMetadata

ANONYMISED = "anonymised"
BINARY = "binary-mask.png"
INSTANCE = "instance-mask.png"
OF_VIDEO = {
    VIDEO: "video/mp4",
    FRAMES: "application/jsonl",
    INDEX: "application/octet-stream",
}
VIDEO_STEPS = (video_chunks.Result, video_sightings.Result, anonymize_video.Result)


def anonymised(computed: Computed) -> Answer:
    """Metadata, with what only the task knows left empty, and models; the picture, its masks."""
    result = computed.result
    assert isinstance(result, anonymize.Result)
    told = ImageMetadata(
        id="",
        detections=[
            _detection(number, one.model_dump(), parent="", is_hidden=result.picture is not None)
            for number, one in enumerate(result.objects)
        ],
        size=result.size,
        duration=0,
        filename="",
    )
    suffix = result.picture.suffix if result.picture else ""
    files = {
        ANONYMISED + suffix: result.picture,
        BINARY: result.binary_mask,
        INSTANCE: result.instance_mask,
    }
    encoded = (ResultFile(name, one).encoded() for name, one in files.items() if one)
    models = {one.kind.value: one.model for one in result.objects}
    body = told.model_dump() | {"models": models}
    return Answer(orjson.dumps(body), "application/json", tuple(encoded))


def video(computed: Computed) -> Answer:
    """What became of a video, or of a step; files lie where the engine wrote them."""
    assert isinstance(computed.result, VIDEO_STEPS)
    return Answer(computed.result.model_dump_json().encode(), "application/json")


def frame(
    line: dict[str, Any], size: tuple[int, int], *, name: str, is_hidden: bool
) -> FrameMetadata:
    """The metadata of a frame, from the line that the engine wrote of it."""
    number = str(line["number"])
    return FrameMetadata(
        id=number,
        detections=[
            _detection(one["number"], one, parent=number, is_hidden=is_hidden)
            for one in line["objects"]
        ],
        size=size,
        duration=0,
        filename=name,
        seconds=line["seconds"],
    )


def _detection(number: int, one: dict[str, Any], *, parent: str, is_hidden: bool) -> Detection:
    left, top, right, bottom = one["box"]
    return Detection(
        id=number,
        parent_image=parent,
        offset=(left, top),
        bbox=(left, top, right, bottom),
        type=TYPES[one["kind"]],
        score=one["score"],
        is_anonymised=is_hidden,
        type_label=one["kind"],
        polygon=one["polygon"],
    )


def mask(computed: Computed) -> Answer:
    """The scaled mask itself."""
    assert isinstance(computed.result, ScaledMask)
    picture = computed.result.mask
    return Answer(picture.encoded(), picture.media_type)
