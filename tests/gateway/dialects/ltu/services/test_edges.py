"""The misprint in the document's sample of `edges`."""

from gateway.dialects.ltu.services.edges import Params


def test_the_misspelt_thickness_is_understood() -> None:
    assert Params.from_text({"edge_thicknesse": "4"}).edge_thickness == 4


def test_the_right_spelling_wins() -> None:
    fields = {"edge_thicknesse": "none", "edge_thickness": "5"}
    assert Params.from_text(fields).edge_thickness == 5
