"""What the first bytes of a file say that it is."""

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\0\0\0\x0cjP  ", "image/jp2"),
    (b"\0\0\0\x0cJXL ", "image/jxl"),
    (b"\0\0\1\0", "image/x-icon"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"\xff\x0a", "image/jxl"),
    (b"ply\n", "model/ply"),
    (b"ply\r", "model/ply"),
    (b"%PDF", "application/pdf"),
    (b"PK\3\4", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
    (b"\0\0\1\xba", "video/mpeg"),
    (b"OggS", "video/ogg"),
    (b"FLV\1", "video/x-flv"),
    (b"0&\xb2u\x8ef\xcf\x11", "video/x-ms-asf"),
)
_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""The first atoms of films from before ISO/IEC 14496-12."""
_TS_PACKET = 188
_CODINGS = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis"), "image/heic"),
    **dict.fromkeys((b"hevc", b"hevx", b"hevm", b"hevs"), "image/heic-sequence"),
}
_FAMILIES = {
    b"mif1": "image/heif",
    b"msf1": "image/heif-sequence",
    b"crx ": "image/x-canon-cr3",
    b"qt  ": "video/quicktime",
}
"""By brands of ISO/IEC 14496-12."""
_MOST_BRAND_BYTES = 512


def media_type(data: bytes) -> str:
    """Name the type; `application/octet-stream` when nothing is known of it."""
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return "video/x-msvideo"
    if data[4:8] in _QUICKTIME:
        return "video/quicktime"
    if data[:1] == data[_TS_PACKET : _TS_PACKET + 1] == b"G":
        return "video/mp2t"
    if data[4:8] == b"ftyp":
        return _type_by_brands(data)
    return _text_type(data[:512]) if data else "no bytes"


def _type_by_brands(data: bytes) -> str:
    """The coding that a brand names, the major one first; else the family of the major one."""
    end = min(int.from_bytes(data[:4], "big"), _MOST_BRAND_BYTES)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    named = [_CODINGS[one] for one in brands if one in _CODINGS]
    return named[0] if named else _FAMILIES.get(brands[0], "video/mp4")


def _text_type(start: bytes) -> str:
    if any(byte < 9 or 14 <= byte < 27 for byte in start):
        return "application/octet-stream"
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    if b"<svg" in text:
        return "image/svg+xml"
    return "application/json" if text.startswith((b"{", b"[")) else "text/plain"
