"""What the engine hid, in Celantur's words, and the files that it made."""

from engines import anonymize
from engines.core.run import Answer, Computed
from engines.core.shapes import ResultFile
from engines.vision.scaled_mask import Result as ScaledMask
from gateway.dialects.celantur.models import TYPES, Detection, ImageMetadata

ANONYMISED = "anonymised"
BINARY = "binary-mask.png"
INSTANCE = "instance-mask.png"


def anonymised(computed: Computed) -> Answer:
    """Metadata, with what only the task knows left empty; the picture and its masks."""
    result = computed.result
    assert isinstance(result, anonymize.Result)
    told = ImageMetadata(
        id="",
        detections=[
            Detection(
                id=number,
                parent_image="",
                offset=(one.box.left, one.box.top),
                bbox=(one.box.left, one.box.top, one.box.right, one.box.bottom),
                type=TYPES[one.kind],
                score=one.score,
                is_anonymised=result.picture is not None,
                type_label=one.kind,
                polygon=one.polygon,
            )
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
    return Answer(told.model_dump_json().encode(), "application/json", tuple(encoded))


def mask(computed: Computed) -> Answer:
    """The scaled mask itself."""
    assert isinstance(computed.result, ScaledMask)
    picture = computed.result.mask
    return Answer(picture.encoded(), picture.media_type)
