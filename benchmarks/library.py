"""CPU that one library takes for its job, ms: run by `benchmarks.libraries` with its own Python.

It imports nothing of ours, and prints the median.
"""

import statistics
import sys
import time
from collections.abc import Callable

Act = Callable[[], object]


def colorthief(picture: str) -> Act:
    from colorthief import ColorThief  # type: ignore[import-not-found, unused-ignore]

    return lambda: ColorThief(picture).get_palette(8)


def pillow(picture: str) -> Act:
    from PIL import Image

    return lambda: Image.open(picture).convert("RGB").quantize(8).getcolors()


def imagehash(first: str, second: str) -> Act:
    import imagehash  # type: ignore[import-not-found, unused-ignore]
    from PIL import Image

    return lambda: imagehash.phash(Image.open(first)) - imagehash.phash(Image.open(second))


def rapidocr(picture: str) -> Act:
    from rapidocr import RapidOCR  # type: ignore[import-not-found, unused-ignore]

    read = RapidOCR()
    return lambda: read(picture)


def main() -> None:
    """Library, how often, and the files."""
    name, turns, *files = sys.argv[1:]
    act = globals()[name](*files)
    act()
    seen = []
    for _ in range(int(turns)):
        start = time.process_time()
        act()
        seen.append(1000 * (time.process_time() - start))
    print(statistics.median(seen))


if __name__ == "__main__":
    main()
