"""EXIF: what says how stays, what says where, who or with which one goes."""

from PIL.ExifTags import GPS, IFD, Base
from PIL.Image import Exif

from engines.anonymization.metadata import cleaned

SECRET = "secret"


def sent() -> Exif:
    exif = Exif()
    exif.update({Base.Orientation: 1, Base.Make: "Acme", Base.Artist: SECRET})
    exif.update({Base.ImageDescription: SECRET, Base.XPAuthor: SECRET.encode("utf-16-le")})
    exif.get_ifd(IFD.GPSInfo).update({GPS.GPSLatitudeRef: "N", GPS.GPSMapDatum: SECRET})
    exif.get_ifd(IFD.Exif).update(
        {
            Base.ExposureTime: 0.5,
            Base.BodySerialNumber: SECRET,
            Base.LensSerialNumber: SECRET,
            Base.CameraOwnerName: SECRET,
            Base.MakerNote: SECRET.encode(),
            Base.UserComment: SECRET.encode(),
            Base.ImageUniqueID: SECRET,
        }
    )
    return exif


def test_no_secret_is_left() -> None:
    data = sent().tobytes()
    assert SECRET.encode() in data
    assert SECRET.encode() not in cleaned(data)
    assert SECRET.encode("utf-16-le") not in cleaned(data)


def test_the_place_is_gone_and_technical_facts_are_kept() -> None:
    kept = Exif()
    kept.load(cleaned(sent().tobytes()))
    assert kept.get_ifd(IFD.GPSInfo) == {}
    assert kept[Base.Make] == "Acme"
    assert kept[Base.Orientation] == 1
    assert kept.get_ifd(IFD.Exif) == {Base.ExposureTime: 0.5}


def test_a_picture_without_exif_gets_none() -> None:
    assert cleaned(b"") == b""
