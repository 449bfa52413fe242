"""Nothing that a caller keeps to itself is found in the service's output."""

import base64
from pathlib import Path

import httpx

from tests.attack.refusals import refusal
from tests.attack.web import Source
from tests.keys import api_key
from tests.pictures import encoded
from tests.serving import WAIT_SECONDS, Served

SERVICES = "/v2/services/image/"
EDGES = SERVICES + "edges"
INNER_URL = "http://10.11.12.13:8080/inner.jpg?sig=hush"
TOKEN = "/realms/Production/protocol/openid-connect/token"


def test_no_secret_is_logged(served: Served, photograph: Path) -> None:
    token, key = served.token(), api_key(served)
    sent = {"image": photograph.read_bytes()}
    picture = base64.b64encode(sent["image"]).decode()
    with httpx.Client(base_url=served.url, trust_env=False, timeout=WAIT_SECONDS) as client:
        header = {"Authorization": f"Bearer {token}"}
        client.post(EDGES, headers=header, data={"image": picture})
        client.post(EDGES, headers=header, data={"image": INNER_URL})
        client.post(EDGES, headers={"Authorization": "Bearer hush.hush.hush"})
        client.get(EDGES, params={"image": picture[:3000], "api_key": "hush-hush"}, headers=header)
        assert client.post(EDGES, headers={"X-API-Key": key}, files=sent).status_code == 200
        client.post(EDGES, headers={"X-API-Key": key[:-1]}, data={"image": key})
        for path in (f"/unknown/{token}", f"{EDGES}/{key}", f"/{picture[:150]}", "/password=hush"):
            client.get(path, params={"password": "hush-hush"})
        client.get(f"{EDGES}/{INNER_URL}", headers=header)
        client.post(TOKEN, data={"username": served.user, "password": "hush-hush"})
        login = {"grant_type": "password", "client_id": "ltu-api", "username": served.user}
        client.post(TOKEN, data={**login, "password": "hush-hush"})
    with served.connect() as connection:
        connection.sendall(
            b"GET /?hush-hush HTTP/1.1\r\nAuthorization: hush hush-hush\r\nx y\r\n\r\n"
        )
        connection.recv(1000)
    log = served.log.read_text()
    assert log.count('"request answered"') >= 12
    for secret in (token[:60], key[12:30], served.password, picture[:60], "hush", "10.11.12.13"):
        assert secret not in log


def test_a_fault_of_an_engine_is_logged_by_place_alone(
    odd: Served, odd_client: httpx.Client
) -> None:
    answer = odd_client.post(f"{SERVICES}contours", files={"image": encoded("PNG")})
    said = refusal(answer, 500)
    log = odd.log.read_text()
    faults = (line for line in log.splitlines() if '"event":"fault"' in line)
    (fault,) = (line for line in faults if said["request_id"] in line)
    assert "in _fail\\nValueError" in fault
    assert "hush" not in log + answer.text


def test_where_a_source_redirects_to_is_not_logged(
    odd: Served, odd_client: httpx.Client, source: str
) -> None:
    Source.redirects |= {"/inner": INNER_URL, "/broken": "http://[hush", "/in?hush": "/in?hush"}
    for path in ("/inner", "/broken", "/in?hush", "/endless?hush", "/gzip?hush"):
        answer = odd_client.post(EDGES, data={"image": source + path})
        assert answer.status_code in (413, 422)
    log = odd.log.read_text()
    for secret in ("10.11.12.13", "inner.jpg", "hush", source.removeprefix("http://")):
        assert secret not in log
