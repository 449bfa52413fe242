"""`pixelgate serve --demo`: an account to try the service with, and the main job done once."""

import base64
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import httpx

from auth.errors import AccountTaken
from auth.users import Users
from gateway.settings import Settings
from gateway.store.database import open_database

USER = "demo"
SAMPLE = Path(__file__).parents[1] / "console" / "static" / "sample.jpg"
_READY_SECONDS = 60


def prepare(settings: Settings) -> str:
    """Make sure that the demo account exists with the password that its file holds."""
    path = settings.data / "demo-account"
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(file, secrets.token_urlsafe(12).encode() + b"\n")
        os.close(file)
    password = path.read_text().strip()
    database = open_database(settings.database_url)
    accounts = Users(database)
    try:
        accounts.add(USER, password, email="demo@example.com", given_name="Demo")
    except AccountTaken:
        accounts.set_password(USER, password)
    database.dispose()
    return password


def show_beside(settings: Settings) -> None:
    """Have a process beside this one show the account once the service is ready."""
    data = settings.data.resolve()
    click.echo(f"Keys, database and demo account lie in {data}; remove that folder to start anew.")
    subprocess.Popen([sys.executable, "-m", "gateway.cli.demo"])


def show(settings: Settings) -> None:
    """Do the main job through the real routes, and print how to do it again."""
    password = (settings.data / "demo-account").read_text().strip()
    with httpx.Client(base_url=_local_url(settings), trust_env=False, timeout=30) as client:
        _await_ready(client)
        token = _token(client, settings, password)
        palette = _analyze(client, token, "colorPalette")
        edges = _analyze(client, token, "edges")
        # Once this is answered, the log lines of what was asked before it are written.
        client.get("/health/live")
    picture = settings.data / "sample-edges.png"
    picture.write_bytes(base64.b64decode(edges["result"]["edges"]["value"]))
    lines = (
        f"\nThe main job, done once with {SAMPLE}:",
        f"  colorPalette: {palette['details']['message']}, {palette['result']['colors']}",
        f"  edges: {edges['details']['message']} The picture: {picture.resolve()}",
        f"\nConsole: {settings.base_url}/console/",
        f"Swagger: {settings.base_url}/swagger?urls.primaryName=Core",
        f"User: {USER}",
        f"Password: {password}",
        curl_line(settings, password),
    )
    click.echo("\n".join(lines))  # By one call, so that no log line comes between.


def curl_line(settings: Settings, password: str) -> str:
    """One line for a shell that gets a token and sends a picture."""
    token = (
        f"curl -s {settings.base_url}{_token_path(settings)} -d client_id=ltu-api "
        f"-d grant_type=password -d username={USER} -d password={password} "
        """| sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'"""
    )
    return (
        f'curl -s -H "Authorization: Bearer $({token})" -F image=@{SAMPLE} '
        f"{settings.base_url}/v2/services/image/colorPalette"
    )


def _local_url(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)
    return f"http://{host}:{settings.port}"


def _token_path(settings: Settings) -> str:
    return f"/realms/{settings.realm}/protocol/openid-connect/token"


def _await_ready(client: httpx.Client) -> None:
    service = os.getppid()
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end and os.getppid() == service:
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    sys.exit(f"The service was not ready within {_READY_SECONDS} s; its log says why.")


def _token(client: httpx.Client, settings: Settings, password: str) -> str:
    form = {
        "client_id": "ltu-api",
        "grant_type": "password",
        "username": USER,
        "password": password,
    }
    answer = client.post(_token_path(settings), data=form).raise_for_status()
    return str(answer.json()["access_token"])


def _analyze(client: httpx.Client, token: str, service: str) -> dict[str, Any]:
    answer = client.post(
        f"/v2/services/image/{service}",
        headers={"Authorization": f"Bearer {token}"},
        files={"image": SAMPLE.read_bytes()},
    )
    result: dict[str, Any] = answer.raise_for_status().json()
    return result


if __name__ == "__main__":
    show(Settings())
