"""Drawn vehicles in perspective, with licence plates at known places."""

from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.quality.pairs import Random, as_pixels, jpeg, lit, noisy, photographs
from benchmarks.quality.prints import FOLDER
from engines.core.shapes import Pixels

FONT = FOLDER / "dejavu/DejaVuSans-Bold.ttf"
NO_FONT = "not measured: apt-get install fonts-dejavu-core"
GROUNDS = ("brick", "china", "coffee", "grass", "gravel", "rocket")
SIZE = (1280, 960)
VEHICLE_MM = (1800, 1450)
PLATE_MM = (900, 900)
"""The plate's middle on the vehicle."""
DISTANCE_MM = 5000
FINE = 4
YAW, PITCH, ROLL = 45, 15, 8
"""Degrees either way, at most."""

Corners: TypeAlias = NDArray[np.float64]
"""(4, 2) of x, y, clockwise from the upper left."""
Colour: TypeAlias = tuple[int, int, int]


class Layout(NamedTuple):
    """How a plate looks; colours are RGB.

    Args:
        size: mm.
        pattern: 0 is any digit, A any letter; what follows / is a second line.
        bands: of the European Union's blue, at the left and the right.
        title: what is printed small above the number.
    """

    size: tuple[int, int]
    pattern: str
    ground: Colour = (245, 245, 240)
    ink: Colour = (15, 15, 20)
    bands: tuple[bool, bool] = (False, False)
    title: str = ""


LAYOUTS = {
    "Germany": Layout((520, 110), "A AA 0000", bands=(True, False)),
    "France": Layout((520, 110), "AA-000-AA", bands=(True, True)),
    "Netherlands": Layout((520, 110), "00-AAA-0", (250, 200, 20), bands=(True, False)),
    "Britain, two lines": Layout((285, 203), "AA00/AAA", (250, 205, 30)),
    "California": Layout((305, 152), "0AAA000", ink=(30, 45, 110), title="California"),
    "New York": Layout((305, 152), "AAA 0000", (225, 160, 35), (20, 30, 80), title="NEW YORK"),
    "Texas": Layout((305, 152), "AAA 0000", title="TEXAS"),
    "Florida": Layout((305, 152), "AAA A00", ink=(20, 95, 50), title="MYFLORIDA.COM"),
}
BLUE = (0, 50, 150)
PAINTS = (
    *((225, 225, 225), (25, 25, 28), (120, 122, 125), (150, 25, 25), (30, 60, 130)),
    *((170, 160, 130), (30, 80, 50), (215, 170, 40)),
)


class Plate(NamedTuple):
    """A plate in a picture."""

    corners: Corners
    number: str


class Street(NamedTuple):
    """A picture, and its plates."""

    image: Pixels
    plates: tuple[Plate, ...]


def street(layout: Layout, width: tuple[float, float], random: Random) -> Street:
    """Two vehicles side by side on a photograph, their plates so wide as they are seen, px."""
    ground = photographs()[str(random.choice(GROUNDS))]
    picture = as_pixels(cv2.resize(ground, SIZE, interpolation=cv2.INTER_CUBIC))
    half = SIZE[0] // 2
    plates = []
    for left in (0, half):
        part = picture[:, left : left + half]
        plate = _park(part, layout, random.uniform(*width), random)
        plates.append(plate._replace(corners=plate.corners + np.array([left, 0])))
    picture = noisy(lit(picture, random.uniform(0.5, 1.2)), 3, random)
    return Street(jpeg(picture, 85), tuple(plates))


def number_of(pattern: str, random: Random) -> str:
    """By chance, without letters that may be taken for digits."""
    kinds = {"A": "ABCDEFGHJKLMNPRSTUVWXYZ", "0": "0123456789"}
    return "".join(str(random.choice([*kinds.get(place, place)])) for place in pattern)


def drawn(layout: Layout, number: str, px_per_mm: float = 2) -> Pixels:
    """The plate alone, from the front, BGR."""
    width, height = (round(side * px_per_mm) for side in layout.size)
    plate = Image.new("RGB", (width, height), layout.ground)
    pen = ImageDraw.Draw(plate)
    band = round(height * 0.36)
    for is_there, left in zip(layout.bands, (0, width - band), strict=True):
        if is_there:
            pen.rectangle((left, 0, left + band, height), BLUE)
    top = round(height * 0.25) if layout.title else round(height * 0.14)
    if layout.title:
        font = ImageFont.truetype(str(FONT), round(height * 0.14))
        pen.text((width / 2, height * 0.13), layout.title, layout.ink, font, anchor="mm")
    left = band * layout.bands[0] + round(width * 0.04)
    right = width - band * layout.bands[1] - round(width * 0.04)
    lines = number.split("/")
    step = (height * 0.88 - top) / len(lines)
    for place, line in enumerate(lines):
        y = round(top + place * step), round(top + (place + 0.9) * step)
        plate.paste(layout.ink, (left, y[0]), _stretched(line, (right - left, y[1] - y[0])))
    pen.rounded_rectangle((1, 1, width - 2, height - 2), height // 12, None, layout.ink, 3)
    return as_pixels(np.asarray(plate)[..., ::-1])


def _stretched(line: str, size: tuple[int, int]) -> Image.Image:
    """The text's ink, so high, and no wider than it may be."""
    font = ImageFont.truetype(str(FONT), 200)
    left, top, right, bottom = font.getbbox(line)
    ink = Image.new("L", (round(right - left), round(bottom - top)))
    ImageDraw.Draw(ink).text((-left, -top), line, 255, font)
    return ink.resize(size, Image.Resampling.LANCZOS)


def _park(part: Pixels, layout: Layout, width: float, random: Random) -> Plate:
    number = number_of(layout.pattern, random)
    vehicle = _vehicle(drawn(layout, number), layout, random)
    to_view = _view(layout, width, random)
    seen = _through(to_view, np.array([(0, 0), (VEHICLE_MM[0], 0), VEHICLE_MM, (0, VEHICLE_MM[1])]))
    low, high = seen.min(axis=0), seen.max(axis=0)
    room = np.array(part.shape[1::-1]) - (high - low)
    shift = np.where(room > 0, random.uniform(size=2) * room, room / 2) - low
    to_part = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]]) @ to_view
    _paste(part, vehicle, to_part)
    mm = np.array(layout.size) / 2
    corners = PLATE_MM + mm * [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    return Plate(_through(to_part, corners), number)


def _view(layout: Layout, width: float, random: Random) -> NDArray[np.float64]:
    """(3, 3): from millimetres of the vehicle to pixels, the plate being so wide."""
    yaw, pitch, roll = np.radians([random.uniform(-most, most) for most in (YAW, PITCH, ROLL)])
    turns = (np.array([pitch, 0, 0]), np.array([0, yaw, 0]), np.array([0, 0, roll]))
    about_x, about_y, about_z = (cv2.Rodrigues(turn)[0] for turn in turns)
    to_space = np.array([[1, 0, -PLATE_MM[0]], [0, 1, -PLATE_MM[1]], [0, 0, 0]])
    view = about_z @ about_x @ about_y @ to_space + [[0, 0, 0], [0, 0, 0], [0, 0, DISTANCE_MM]]
    mm = np.array(layout.size) / 2
    seen = _through(view, PLATE_MM + mm * [(-1, -1), (1, -1), (1, 1), (-1, 1)])
    scale = width / np.ptp(seen[:, 0])
    return np.asarray(np.diag([scale, scale, 1]) @ view, np.float64)


def _through(matrix: NDArray[np.float64], points: NDArray[Any]) -> Corners:
    mapped = cv2.perspectiveTransform(points.reshape(-1, 1, 2).astype(np.float64), matrix)
    return np.asarray(mapped, np.float64).reshape(-1, 2)


def _vehicle(plate: Pixels, layout: Layout, random: Random) -> Pixels:
    """From behind or the front, BGRA, a pixel a millimetre."""
    width, height = VEHICLE_MM
    paint = PAINTS[random.integers(len(PAINTS))]
    canvas = Image.new("RGBA", VEHICLE_MM)
    pen = ImageDraw.Draw(canvas)
    for left in (120, width - 370):
        pen.rounded_rectangle((left, height - 320, left + 250, height - 5), 60, (18, 18, 18))
    pen.polygon([(330, 40), (width - 330, 40), (width - 130, 560), (130, 560)], paint)
    glass = tuple(random.integers(30, 90, 3).tolist())
    pen.polygon([(380, 90), (width - 380, 90), (width - 230, 480), (230, 480)], glass)
    pen.rounded_rectangle((40, 480, width - 40, height - 130), 110, paint)
    lamp = ((190, 20, 25), (235, 235, 220))[random.integers(2)]
    for left in (70, width - 370):
        pen.rounded_rectangle((left, 560, left + 300, 720), 40, lamp)
    pen.rounded_rectangle((40, 1080, width - 40, height - 140), 60, (45, 45, 48))
    half = np.array(layout.size) / 2
    corner = np.rint(PLATE_MM - half).astype(int).tolist()
    pen.rounded_rectangle((*(PLATE_MM - half - 25), *(PLATE_MM + half + 25)), 15, (60, 60, 62))
    small = cv2.resize(plate, layout.size, interpolation=cv2.INTER_AREA)
    canvas.paste(Image.fromarray(small[..., ::-1]), corner)
    shaded = np.asarray(canvas).astype(np.float64)
    shaded[..., :3] *= np.linspace(1.05, 0.8, height)[:, None, None]
    return as_pixels(shaded.clip(0, 255))[..., [2, 1, 0, 3]]


def _paste(part: Pixels, vehicle: Pixels, matrix: NDArray[np.float64]) -> None:
    """Drawn four times as large and made smaller, for warping alone would alias."""
    size = part.shape[1] * FINE, part.shape[0] * FINE
    larger = np.diag([FINE, FINE, 1.0]) @ matrix
    warped = cv2.warpPerspective(vehicle, larger, size, flags=cv2.INTER_LINEAR)
    over = cv2.resize(warped, part.shape[1::-1], interpolation=cv2.INTER_AREA)
    alpha = over[..., 3:] / 255
    part[:] = np.rint(part * (1 - alpha) + over[..., :3] * alpha)
