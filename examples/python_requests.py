"""A token, a picture, its colours and its edges, with requests: python_requests.py PICTURE."""

import os
import sys
from base64 import b64decode
from pathlib import Path

import requests

ADDRESS = os.environ.get("CLIENT_URL", "http://127.0.0.1:8000")
TOKEN = f"{ADDRESS}/realms/Production/protocol/openid-connect/token"
SERVICES = f"{ADDRESS}/v2/services/image"


def main(picture: Path) -> None:
    login = {
        "client_id": "ltu-api",
        "grant_type": "password",
        "username": os.environ["CLIENT_USER"],
        "password": os.environ["CLIENT_PASSWORD"],
    }
    granted = requests.post(TOKEN, data=login, timeout=30)
    granted.raise_for_status()

    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
    files = {"image": picture.read_bytes()}

    palette = session.post(f"{SERVICES}/colorPalette", files=files, data={"count": 3}, timeout=30)
    palette.raise_for_status()
    for red, green, blue, percent in palette.json()["result"]["colors"]:
        print(f"#{red:02x}{green:02x}{blue:02x} {percent} %")

    edges = session.post(f"{SERVICES}/edges", files=files, timeout=30)
    edges.raise_for_status()
    Path("edges.png").write_bytes(b64decode(edges.json()["result"]["edges"]["value"]))
    print("edges.png")

    refused = session.post(f"{SERVICES}/edges", files={"image": b"no picture"}, timeout=30)
    print(refused.status_code, refused.json()["message"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
