"""`edges`: a misprint of the document's samples."""

from engines import edges
from gateway.dialects.ltu.wording import Wording, as_in


class Params(edges.Params):
    """The engine's."""

    edge_thickness: int = as_in(edges.Params, "edge_thickness", misprint="edge_thicknesse")


WORDING = Wording(params=Params)
