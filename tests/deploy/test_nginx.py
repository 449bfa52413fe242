"""nginx, as `deploy/` configures it, in front of two gateways with PostgreSQL and Redis."""

import asyncio
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from copy import copy
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
from keycloak import KeycloakOpenID

from auth.api_keys import ApiKeys
from engines.core.registry import catalogue, engine_named
from engines.core.run import Job
from engines.videos.anonymize_video import DEADLINE_SECONDS
from gateway.limits.quarantine import DatabaseQuarantine, digest
from gateway.settings import Settings
from gateway.store.database import open_database
from tests import servers
from tests.auth.workers import EDGES, REALM, TOKEN, ask, log_in
from tests.certificates import Authority
from tests.deploy.site import Site, opened_site
from tests.gateway.dialects.aerovision.matches import noise
from tests.hosts import Host, hosts
from tests.needs import ROOT
from tests.pictures import encoded
from tests.serving import TINY, WAIT_SECONDS, running, wait_until
from tests.sources import Quiet, source
from tests.test_examples import EXAMPLES, check, run


@pytest.fixture(scope="module")
def site(
    authority: Authority, postgresql: str, redis: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with opened_site(tmp_path_factory.mktemp("site"), authority, postgresql, redis) as site:
        yield site


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    with site.client() as client:
        yield client


def test_a_token_is_known_to_both_gateways_until_it_is_revoked(
    site: Site, client: httpx.Client
) -> None:
    token = log_in(client, site.gateways[0].user, site.gateways[0].password)["access_token"]
    asked = partial(ask, client, token)
    assert {one.status_code for one in site.of_both(EDGES, asked)} == {400}
    form = {"client_id": "ltu-api", "token": token}
    client.post(f"{REALM}/revoke", data=form).raise_for_status()
    wait_until(lambda: {one.status_code for one in site.of_both(EDGES, asked)} == {401})


def test_both_gateways_count_the_same_requests(site: Site, client: httpx.Client) -> None:
    headers = site.log_in(client)

    def left() -> int:
        answer = client.post(EDGES, files={"image": encoded("PNG")}, headers=headers)
        found = re.search(r"r=(\d+)", answer.raise_for_status().headers["RateLimit"])
        assert found
        return int(found[1])

    counts = site.of_both(EDGES, left)
    assert counts == list(range(counts[0], counts[0] - len(counts), -1))


def test_a_picture_that_killed_is_refused_by_both_gateways(
    site: Site, client: httpx.Client
) -> None:
    picture, headers = encoded("PNG", noise(seed=11)), site.log_in(client)
    job = Job("edges", (picture,), engine_named("edges").params(), "")
    database = open_database(site.database)
    asyncio.run(DatabaseQuarantine(database).refuse(digest(job), WAIT_SECONDS))
    database.dispose()

    def status() -> int:
        return client.post(EDGES, files={"image": picture}, headers=headers).status_code

    wait_until(lambda: set(site.of_both(EDGES, status)) == {422})


def test_the_last_image_is_shown_by_both_gateways(site: Site, client: httpx.Client) -> None:
    database = open_database(site.database)
    key = {"api_key": ApiKeys(database).add(site.gateways[0].user)}
    database.dispose()
    sent = client.post("/analyze_image", params=key, content=encoded("PNG")).raise_for_status()

    def shown() -> dict[str, Any]:
        told: dict[str, Any] = client.get("/last_image", params=key).raise_for_status().json()
        return {**told, "completeTime": 0}

    for one in site.of_both("/last_image", shown):
        assert one == {**sent.json(), "completeTime": 0}


def test_a_token_of_a_library_for_keycloak_opens_a_service(
    site: Site,
    client: httpx.Client,
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "authority.pem").write_text(authority.pem())
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(tmp_path / "authority.pem"))
    keycloak = KeycloakOpenID(f"{site.url}/", "Production", "ltu-api")
    token = keycloak.token(site.gateways[0].user, site.gateways[0].password)["access_token"]
    assert keycloak.decode_token(token)["iss"] == f"{site.url}/realms/Production"
    assert client.get(EDGES, headers={"Authorization": f"Bearer {token}"}).status_code == 400


def test_a_generated_client_works_by_tls(
    site: Site,
    authority: Authority,
    installed: Path,
    photograph: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "authority.pem").write_text(authority.pem())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    seen = copy(site.gateways[0])
    seen.url = site.url
    script = EXAMPLES / "python_sdk.py"
    printed = run(seen, tmp_path, sys.executable, script, photograph, packages=str(installed))
    check(printed, tmp_path)


def test_either_gateway_serves_parts_of_a_file_that_one_has_stored(
    site: Site, client: httpx.Client, photograph: Path
) -> None:
    headers = site.log_in(client)
    sent = {"fileobject": ("street.jpg", photograph.read_bytes())}
    stored = client.post("/v1/file", params={"face": True}, files=sent, headers=headers)
    id = stored.raise_for_status().json()["id"]
    file = client.get(f"/v1/task/{id}", headers=headers).json()["anonymised_link"]
    whole = client.get(file, headers=headers).raise_for_status().content
    for start in range(0, 80, 10):
        part = client.get(file, headers={**headers, "Range": f"bytes={start}-{start + 9}"})
        assert (part.status_code, part.content) == (206, whole[start : start + 10])
    assert all('"status":206' in gateway.log.read_text() for gateway in site.gateways)


def test_without_tls_there_are_no_tokens(site: Site) -> None:
    answer = httpx.post(
        f"{site.gateways[0].url}{TOKEN}", data={}, trust_env=False, timeout=WAIT_SECONDS
    )
    assert answer.status_code == 403


def test_a_body_that_is_too_large_is_refused_in_the_form_of_its_api(
    site: Site, client: httpx.Client
) -> None:
    body = {"image": bytes(79_000_000)}
    answer = client.post(EDGES, files=body, headers=site.log_in(client))
    assert (answer.status_code, answer.json()["error"]) == (413, "upload_too_large")


def test_a_body_as_large_as_a_video_comes_to_the_api_that_takes_them(
    site: Site, client: httpx.Client
) -> None:
    body = {"fileobject": encoded("PNG") + bytes(90_000_000)}
    answer = client.post("/v1/file", files=body, headers=site.log_in(client))
    assert answer.status_code == 413
    assert answer.json()["error"] == "The file has more than 25,000,000 bytes."


def test_the_figures_of_one_gateway_of_several_are_not_shown(client: httpx.Client) -> None:
    assert client.get("/metrics").status_code == 404


def test_an_answer_is_waited_for_as_long_as_it_may_take() -> None:
    usual = Settings.model_fields["deadline_seconds"].default
    longest = max(engine.seconds(usual) for engine in catalogue().values())
    written = (ROOT / "deploy" / "nginx" / "pixelgate.conf").read_text()
    waited = re.search(r"proxy_read_timeout (\d+)s;", written)
    assert waited is not None
    # In the queue, and then in an engine process.
    assert int(waited[1]) > 2 * longest


def test_a_video_is_waited_for_and_taken_whole() -> None:
    written = (ROOT / "deploy" / "nginx" / "pixelgate.conf").read_text()
    told = re.search(
        r"location = /v1/file {\s+client_max_body_size (\d+)m;\s+proxy_read_timeout (\d+)s;",
        written,
    )
    assert told is not None
    largest = Settings.model_fields["max_video_bytes"].default
    assert int(told[1]) * 2**20 > largest * 4 / 3
    assert int(told[2]) > DEADLINE_SECONDS


def test_callers_do_not_say_themselves_where_they_come_from(
    authority: Authority, tmp_path: Path
) -> None:
    with (
        running(tmp_path, TINY, trusted_proxies="127.0.0.1") as tiny,
        servers.nginx(authority, [f"127.0.0.1:{tiny.port}"] * 2) as front,
    ):
        lie = {"X-Forwarded-For": "192.0.2.1"}
        answer = httpx.get(
            f"{front.address}/client", headers=lie, verify=authority.trusted(), timeout=WAIT_SECONDS
        )
    assert "127.0.0.1" in answer.text


class Answering(Quiet, BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()


def test_what_a_gateway_did_that_fell_silent_is_done_by_the_other(authority: Authority) -> None:
    with hosts("nginx", "first", "second") as made, ExitStack() as stack:
        front, first, second = made.values()
        with first.entered():
            taking = stack.enter_context(socket.create_server((first.address, 8000)))
        with second.entered():
            answering = stack.enter_context(source(Answering, second.address))
        gateways = [f"{first.address}:8000", answering.removeprefix("http://")]
        stack.enter_context(front.entered())
        quick = ("tcp_keepalive_time", "tcp_keepalive_intvl", "tcp_retries2")
        told = [f"net.ipv4.{name}=1" for name in quick]
        subprocess.run(["sysctl", "-q", "-w", *told], check=True)
        nginx = stack.enter_context(servers.nginx(authority, gateways, front.address))
        threads = stack.enter_context(ThreadPoolExecutor(2))
        # nginx gives each gateway one of two that are asked at once.
        asked = [threads.submit(status, nginx.address, front, authority) for _ in range(2)]
        taken, _ = taking.accept()
        assert taken.recv(1)
        with taken, front.silent_to(first):
            assert [one.result() for one in asked] == [204, 204]


def status(url: str, caller: Host, authority: Authority) -> int:
    with caller.entered():
        tls = authority.trusted()
        return httpx.get(url, verify=tls, trust_env=False, timeout=WAIT_SECONDS).status_code
