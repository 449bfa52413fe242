"""What openapi-generator says of our document."""

from tests.sdk.generated import Generated

# It says so of every document with an answer that has a schema, however small.
OWN_WARNING = "[main] WARN  o.o.codegen.utils.ModelUtils - Failed to get the schema name: null"
# The Celantur API's parameter `record` is taken for a model, which there is not.
RECORD_WARNING = (
    "[main] WARN  o.o.c.l.AbstractTypeScriptClientCodegen - Record (model name matches existing "
    "language type) cannot be used as a model name. Renamed to ModelRecord"
)


def test_the_generator_has_nothing_to_say_of_our_document(generated: Generated) -> None:
    assert set(generated.output.splitlines()) <= {OWN_WARNING, RECORD_WARNING}


def test_all_calls_are_in_one_class(generated: Generated) -> None:
    folder = generated.python / "pixelgate_sdk" / "api"
    assert [path.name for path in folder.glob("*_api.py")] == ["pixelgate_api.py"]


def test_file_parameters_are_files(generated: Generated) -> None:
    source = (generated.typescript / "src" / "apis" / "PixelgateApi.ts").read_text()
    interface = source.partition("export interface EdgesRequest {")[2].partition("}")[0]
    assert "    image: Blob;" in interface
