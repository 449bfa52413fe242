"""Which of two media types an Accept header asks for (RFC 9110 §12.5.1)."""

from functools import lru_cache


@lru_cache(maxsize=256)
def prefers(accept: str, wanted: str, usual: str) -> bool:
    """Whether `wanted` is asked for above `usual`, by quality, then by exactness, then by order."""
    return _rank(accept, wanted) > _rank(accept, usual)


def _rank(accept: str, media_type: str) -> tuple[float, int, int]:
    """Quality, exactness and place of the most exact range that matches; all 0 without one."""
    exactness = {media_type: 3, media_type.partition("/")[0] + "/*": 2, "*/*": 1}
    best: tuple[int, float, int] = (0, 0.0, 0)
    for place, part in enumerate(accept.lower().split(",")[:32]):
        name, _, parameters = part.partition(";")
        best = max(best, (exactness.get(name.strip(), 0), _quality(parameters), -place))
    exact, quality, place_rank = best
    return (quality, exact, place_rank) if exact and quality else (0.0, 0, 0)


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
