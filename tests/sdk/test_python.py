"""The generated Python client against the service."""

import base64
import re
from typing import Any

import pytest

from engines.core.registry import Engine, catalogue
from gateway.dialects.ltu.services.table import inputs_of, takes_pictures
from tests.pictures import encoded
from tests.serving import Served

ENGINES = [one for one in catalogue().values() if takes_pictures(one)]
every_service = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.service)


def inputs(engine: Engine, picture: object) -> dict[str, object]:
    """One picture for each input that must be there, by the client's names."""
    names = [one.name for one in inputs_of(engine) if one.is_required]
    return {re.sub(r"(?=[A-Z])", "_", name).lower(): picture for name in names}


def check(answer: Any, engine: Engine) -> None:
    assert type(answer).__name__ == engine.service[0].upper() + engine.service[1:] + "Answer"
    assert answer.version == engine.version
    assert set(answer.result.to_dict()) <= set(answer.to_dict()["result"])


@every_service
def test_a_service_takes_a_file(api: Any, engine: Engine) -> None:
    check(getattr(api, engine.name)(**inputs(engine, encoded("PNG"))), engine)


@every_service
def test_a_service_takes_base64(api: Any, engine: Engine) -> None:
    text = base64.b64encode(encoded("PNG")).decode()
    check(getattr(api, f"{engine.name}_from_url")(**inputs(engine, text)), engine)


@every_service
def test_a_service_takes_a_url(api: Any, engine: Engine, served: Served) -> None:
    url = f"{served.url}/console/sample.jpg"
    check(getattr(api, f"{engine.name}_from_url")(**inputs(engine, url)), engine)


def test_a_token_is_got_and_refreshed(api: Any, served: Served) -> None:
    first = api.token(
        grant_type="password", client_id="ltu-api", username=served.user, password=served.password
    )
    second = api.token(
        grant_type="refresh_token", client_id="ltu-api", refresh_token=first.refresh_token
    )
    assert second.session_state == first.session_state
    assert second.refresh_token != first.refresh_token


def test_results_have_types(api: Any) -> None:
    palette = api.color_palette(image=encoded("PNG"))
    assert palette.result.colors[0][3] == 25
    edges = api.edges(image=encoded("PNG"))
    assert base64.b64decode(edges.result.edges.value).startswith(b"\x89PNG")


def test_a_refusal_is_typed(api: Any, python_package: Any) -> None:
    with pytest.raises(python_package.exceptions.UnprocessableEntityException) as raised:
        api.edges(image=b"no picture")
    assert raised.value.data.error == "undecodable_picture"


def test_a_wrong_password_is_typed(api: Any, python_package: Any) -> None:
    with pytest.raises(python_package.exceptions.UnauthorizedException) as raised:
        api.token(grant_type="password", client_id="ltu-api", username="nobody", password="wrong")
    assert raised.value.data.error == "invalid_grant"


def test_the_picture_itself_can_be_asked_for(api: Any) -> None:
    answer = api.edges_without_preload_content(
        image=encoded("PNG"), _headers={"Accept": "image/png"}
    )
    assert answer.read().startswith(b"\x89PNG")
