"""Metadata: what a file may say of how a picture was taken, but not where, by whom or with what.

Tags are kept by name, so that those which nobody thought of are left out.
"""

from PIL.ExifTags import IFD, Base
from PIL.Image import Exif

OF_PICTURE = (
    Base.Orientation,
    Base.XResolution,
    Base.YResolution,
    Base.ResolutionUnit,
    Base.YCbCrPositioning,
    Base.DateTime,
    Base.Make,
    Base.Model,
)
OF_EXPOSURE = (
    Base.ExifVersion,
    Base.DateTimeOriginal,
    Base.DateTimeDigitized,
    Base.OffsetTime,
    Base.OffsetTimeOriginal,
    Base.OffsetTimeDigitized,
    Base.SubsecTime,
    Base.SubsecTimeOriginal,
    Base.SubsecTimeDigitized,
    Base.ExposureTime,
    Base.FNumber,
    Base.ExposureProgram,
    Base.ISOSpeedRatings,
    Base.ShutterSpeedValue,
    Base.ApertureValue,
    Base.BrightnessValue,
    Base.ExposureBiasValue,
    Base.MaxApertureValue,
    Base.MeteringMode,
    Base.LightSource,
    Base.Flash,
    Base.FocalLength,
    Base.FocalLengthIn35mmFilm,
    Base.ColorSpace,
    Base.ExposureMode,
    Base.WhiteBalance,
    Base.DigitalZoomRatio,
    Base.SceneCaptureType,
    Base.LensMake,
    Base.LensModel,
)


def cleaned(exif: bytes) -> bytes:
    """The EXIF of a picture without places, names, serial numbers, notes and thumbnail.

    Args:
        exif: as `OriginalImage` has it; may be empty.
    """
    if not exif:
        return b""
    sent, kept = Exif(), Exif()
    sent.load(exif)
    kept.update({tag: sent[tag] for tag in OF_PICTURE if tag in sent})
    exposure = sent.get_ifd(IFD.Exif)
    kept.get_ifd(IFD.Exif).update({tag: exposure[tag] for tag in OF_EXPOSURE if tag in exposure})
    return kept.tobytes()
