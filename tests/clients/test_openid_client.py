"""openid-client for JavaScript: discovers, checks every claim, reads errors from the body alone."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import BACKEND
from tests.needs import need
from tests.serving import WAIT_SECONDS, Served

FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def node() -> str:
    """Node beside the packages of package.json, which are installed if they are missing."""
    node = need("node", "apt-get install nodejs npm")
    if not (FOLDER / "node_modules").is_dir():
        npm = need("npm", "apt-get install nodejs npm")
        command = [npm, "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        if subprocess.run(command, cwd=FOLDER, timeout=600, check=False).returncode:
            pytest.skip("npm ci could not install openid-client")
    return node


@pytest.fixture(scope="module")
def seen(node: str, served: Served, secret: str) -> dict[str, Any]:
    """What the client saw from login to the session's end."""
    told = [served.url, served.user, served.password, BACKEND, secret]
    command = [node, "openid_client.mjs", *told]
    done = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_it_discovers_the_issuer_under_its_own_name(seen: dict[str, Any], served: Served) -> None:
    assert seen["issuer"] == f"{served.url}/realms/Production"


def test_it_logs_in_and_calls_a_service(seen: dict[str, Any]) -> None:
    assert (seen["callStatus"], seen["audience"]) == (400, "ltu-api")


def test_it_refreshes_within_the_session(seen: dict[str, Any]) -> None:
    assert seen["isSameSession"] is True


def test_it_reads_userinfo(seen: dict[str, Any], served: Served) -> None:
    assert seen["user"] == served.user


def test_its_backend_introspects(seen: dict[str, Any]) -> None:
    assert (seen["active"], seen["ended"]) == (True, {"active": False})


def test_the_logout_that_it_discovers_ends_the_session(seen: dict[str, Any]) -> None:
    assert seen["logoutStatus"] == 200
    assert seen["afterLogout"]["text"] == "Session not active"


def test_what_it_revokes_refreshes_no_more(seen: dict[str, Any]) -> None:
    refusal = seen["afterRevocation"]
    assert (refusal["error"], refusal["text"]) == ("invalid_grant", "Session not active")


def test_it_reads_that_a_password_is_wrong(seen: dict[str, Any]) -> None:
    refusal = seen["wrongPassword"]
    assert (refusal["status"], refusal["error"]) == (401, "invalid_grant")
    assert refusal["text"] == "Invalid user credentials"
