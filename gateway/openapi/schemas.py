"""Schemas of the engines' types, as openapi.yaml shows them: named, in OpenAPI 3.0's words."""

from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaMode

from engines.core.shapes import Parameters

Schema = dict[str, Any]

BINARY: Schema = {"type": "string", "format": "binary"}
_REF = "#/components/schemas/"
_NULL = {"type": "null"}


def ref(name: str) -> Schema:
    return {"$ref": _REF + name}


def content(schema: Schema, example: Any = None) -> Schema:
    """A JSON body."""
    shown = {} if example is None else {"example": example}
    return {"application/json": {"schema": schema, **shown}}


def header(name: str, description: str) -> dict[str, Schema]:
    return {name: {"description": description, "schema": {"type": "string"}}}


def parameter(
    where: str,
    name: str,
    description: str,
    schema: Schema | None = None,
    *,
    is_required: bool = False,
) -> Schema:
    """A parameter in the `path`, the `query`, or a `header`; a text unless a schema says more."""
    required = {"required": True} if is_required else {}
    return {
        "name": name,
        "in": where,
        "description": description,
        **required,
        "schema": schema or {"type": "string"},
    }


def query(params: type[Parameters]) -> list[Schema]:
    """What can be told, as parameters of the query."""
    return [
        parameter(
            "query",
            name,
            schema.pop("description"),
            schema,
            is_required=params.model_fields[name].is_required(),
        )
        for name, schema in texts(params).items()
    ]


def by_header(*scopes: str) -> list[dict[str, list[str]]]:
    """Callers known by a token or a key in the head, that may use these scopes."""
    return [{"password": [*scopes]}, {"bearer": []}, {"apiKey": []}]


def collect(
    schemas: dict[str, Schema],
    model: type[BaseModel],
    name: str,
    *,
    mode: JsonSchemaMode = "serialization",
) -> Schema:
    """Put a model and what it refers to among the schemas, and refer to it.

    Raises:
        ValueError: two different types have one name.
    """
    schema = model.model_json_schema(mode=mode, ref_template=_REF + "{model}")
    for nested, value in schema.pop("$defs", {}).items():
        _add(schemas, nested, _tidy(value))
    _add(schemas, name, _tidy(schema))
    return ref(name)


def parameters(params: type[Parameters]) -> dict[str, Schema]:
    """What can be told, by name."""
    schema = params.model_json_schema(by_alias=False)
    definitions = schema.get("$defs", {})
    return {
        name: _told(_tidy(_inlined(value, definitions)), params.model_fields[name])
        for name, value in schema.get("properties", {}).items()
    }


def texts(params: type[Parameters]) -> dict[str, Schema]:
    """The same where all is text, in a query or a form: lists are JSON."""
    return {
        name: {"type": "string", "description": f"{schema['description']} As JSON."}
        if schema.get("type") == "array"
        else schema
        for name, schema in parameters(params).items()
    }


def _add(schemas: dict[str, Schema], name: str, schema: Schema) -> None:
    if schemas.setdefault(name, schema) != schema:
        raise ValueError(f"two types are called {name}")


def _inlined(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """Enumerations in their place: a query parameter reads better so."""
    if _NULL in schema.get("anyOf", ()):
        return _inlined(_without_null(schema), definitions)
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    if not name:
        return schema
    return {**definitions[name], **{key: value for key, value in schema.items() if key != "$ref"}}


def _told(schema: Schema, field: FieldInfo) -> Schema:
    """With all in the description that Swagger UI and SDKs do not show of a schema."""
    alias = field.validation_alias
    misprints = alias.choices[1:] if isinstance(alias, AliasChoices) else []
    # Not as `example`: Swagger UI would send that unasked.
    facts = [*_facts(schema), *(f"Also read as `{name}`." for name in misprints)]
    return {**schema, "description": " ".join([f"{field.description}", *facts])}


def _facts(schema: Schema) -> list[str]:
    facts = [f"For example `{example}`." for example in schema.pop("examples", ())]
    if "minimum" in schema and "maximum" in schema:
        facts.append(f"{schema['minimum']} to {schema['maximum']}.")
    if schema.get("default") not in (None, ""):
        default = schema["default"]
        facts.append(f"Default: {str(default).lower() if isinstance(default, bool) else default}.")
    return facts


def _tidy(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("title") == "Picture" and schema.get("type") == "object":
        return _referring(ref("Picture") | _without(schema, "title", "type"))
    if _NULL in schema.get("anyOf", ()):
        return _tidy(_without_null(schema))
    properties = schema.get("properties", {})
    nullable = {name for name, one in properties.items() if _NULL in one.get("anyOf", ())}
    # A title that is no text is a property of that name.
    without_title = _without(schema, "title") if isinstance(schema.get("title"), str) else schema
    tidy = {key: _tidy(value) for key, value in without_title.items()}
    if "required" in tidy:
        tidy["required"] = [name for name in tidy["required"] if name not in nullable]
    return _referring(_in_older_words(tidy))


def _in_older_words(schema: Schema) -> Schema:
    """What JSON Schema 2020-12 says and OpenAPI 3.0 has other words for."""
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if schema.get("type") == "string" and not isinstance(schema.get("default", ""), str):
        schema["default"] = ""  # Swagger UI would send the word "string"
    if "prefixItems" in schema:
        kinds = schema.pop("prefixItems")
        schema["items"] = kinds[0] if all(kind == kinds[0] for kind in kinds) else {}
    if _is_untyped_map(schema):
        # The Python generator warns of every other spelling.
        schema = {**_without(schema, "properties"), "additionalProperties": {}}
    for bound in ("minimum", "maximum"):
        strict = f"exclusive{bound.capitalize()}"
        if strict in schema:
            schema |= {bound: schema[strict], strict: True}
    return schema


def _is_untyped_map(schema: Schema) -> bool:
    is_object = schema.get("type") == "object" and not schema.get("properties")
    return is_object and schema.get("additionalProperties", True) is True


def _referring(schema: Schema) -> Schema:
    """OpenAPI 3.0 ignores what stands beside a reference."""
    if "$ref" not in schema or len(schema) == 1:
        return schema
    return {"allOf": [{"$ref": schema["$ref"]}], **_without(schema, "$ref")}


def _without_null(schema: Schema) -> Schema:
    """None means absent in our answers, so null is never seen."""
    kinds = [kind for kind in schema["anyOf"] if kind != _NULL]
    rest = _without(schema, "anyOf", "default", "title")
    return {**kinds[0], **rest} if len(kinds) == 1 else {"anyOf": kinds, **rest}


def _without(schema: Schema, *names: str) -> Schema:
    return {key: value for key, value in schema.items() if key not in names}
