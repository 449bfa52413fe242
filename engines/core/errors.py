"""What an engine refuses, one class a cause; each crosses processes by pickle."""

from traceback import walk_tb


class EngineError(Exception):
    """A request that was understood and cannot be computed.

    Args:
        message: what was found and what was expected, for the caller.
        errors: the single faults when there are several, each a sentence.
    """

    retry_after_seconds = None  # The same request would fail again.

    def __init__(self, message: str, *, errors: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors or (message,)

    @property
    def message(self) -> str:
        return str(self.args[0])

    def about(self, subject: str) -> "EngineError":
        """The same refusal, saying first which input it is about."""
        return type(self)(
            f"{subject}: {self.message}", errors=tuple(f"{subject}: {one}" for one in self.errors)
        )


class BadParameter(EngineError):
    """A parameter is out of its range or not one of its values."""


class UnparsableParameter(BadParameter):
    """A parameter that should be JSON is none."""


class UndecodableInput(EngineError):
    """What was sent is nothing that the input accepts, or damaged."""


class UndecodablePicture(UndecodableInput):
    """The bytes are no picture of an accepted format, or a damaged one."""


class TruncatedPicture(UndecodablePicture):
    """The picture's data end before its last row."""


class UndecodableVideo(UndecodableInput):
    """The file is no video of an accepted format, holds no frame, or is a damaged one."""


class TruncatedVideo(UndecodableVideo):
    """The video's data end before what its head announces."""


class PictureTooLarge(EngineError):
    """The picture has more pixels or frames than may be decoded, or needs more memory."""


class VideoTooLarge(PictureTooLarge):
    """A frame of the video has more pixels than may be decoded."""


class PictureTooSmall(EngineError):
    """The picture has too few pixels for the computation."""


class NotAlignable(EngineError):
    """The pictures have no common part that could be found."""


class UnsuitableCloud(EngineError):
    """The points are too few, too many, or without the normals that the computation needs."""


class ModelUnavailable(EngineError):
    """A learned model, or a program that an engine needs, is absent or not what it should be."""


def places(error: BaseException) -> list[str]:
    """Where an error was raised, from the outside in: what of a traceback quotes nothing."""
    return [
        f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ]


class VideosUnavailable(ModelUnavailable):
    """PyAV, which reads and writes videos, is not installed."""
