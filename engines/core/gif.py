"""The blocks of a GIF: how many frames there are, without decoding one."""


def count_frames(data: bytes, most: int) -> int:
    """Count frames up to one more than `most`.

    Blocks and sub-blocks are stepped over: Pillow counts by seeking, seconds for many frames.
    """
    frames = 0
    try:
        at = 13 + _colour_table_bytes(data[10])
        while data[at] in b"!," and frames <= most:
            if data[at] == ord(","):
                frames += 1
                at += 11 + _colour_table_bytes(data[at + 9])
            else:
                at += 2
            while size := data[at]:
                at += size + 1
            at += 1
    except IndexError:  # the file ends early; decoding finds out whether pixels are missing
        pass
    return frames


def _colour_table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
