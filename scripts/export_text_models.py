"""Take the three text models for engines/weights out of the wheel that carries them.

    pip download --no-deps rapidocr==3.10.0
    python scripts/export_text_models.py rapidocr-3.10.0-py3-none-any.whl

The wheel is read, not installed: it would lay a second OpenCV over ours.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "engines" / "weights"
FILES = {
    "PP-OCRv6_det_small.onnx": "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    "PP-OCRv6_rec_small.onnx": "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    "ch_ppocr_mobile_v2.0_cls_mobile.onnx": (
        "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c"
    ),
}


def main(wheel: str) -> None:
    """Write the files, once each is known to be the right one."""
    with zipfile.ZipFile(wheel) as archive:
        for name, expected in FILES.items():
            data = archive.read(f"rapidocr/models/{name}")
            found = hashlib.sha256(data).hexdigest()
            if found != expected:
                raise SystemExit(f"{name}: SHA-256 is {found}; expected {expected}")
            (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
