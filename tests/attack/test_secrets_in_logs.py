"""Nothing that a caller keeps to itself is found in the service's output."""

import base64
from pathlib import Path

import httpx

from tests.serving import Served

EDGES = "/v2/services/image/edges"
TOKEN = "/realms/Production/protocol/openid-connect/token"


def test_no_secret_is_logged(served: Served, photograph: Path) -> None:
    token = served.token()
    picture = base64.b64encode(photograph.read_bytes()).decode()
    with httpx.Client(base_url=served.url, trust_env=False, timeout=30) as client:
        header = {"Authorization": f"Bearer {token}"}
        client.post(EDGES, headers=header, data={"image": picture})
        client.post(EDGES, headers=header, data={"image": "http://10.11.12.13/inner.jpg?sig=hush"})
        client.post(EDGES, headers={"Authorization": "Bearer hush.hush.hush"})
        client.get(EDGES, params={"image": picture[:3000], "api_key": "hush-hush"}, headers=header)
        client.get(f"/unknown/{token}", params={"password": "hush-hush"})
        client.post(TOKEN, data={"username": served.user, "password": "hush-hush"})
        login = {"grant_type": "password", "client_id": "ltu-api", "username": served.user}
        client.post(TOKEN, data={**login, "password": "hush-hush"})
    with served.connect() as connection:
        connection.sendall(
            b"GET /?hush-hush HTTP/1.1\r\nAuthorization: hush hush-hush\r\nx y\r\n\r\n"
        )
        connection.recv(1000)
    log = served.log.read_text()
    assert log.count('"request answered"') >= 7
    for secret in (token, token[:60], served.password, picture[:60], "hush", "10.11.12.13"):
        assert secret not in log
