"""A template found in a picture over the AeroVision API: aerovision.py PICTURE TEMPLATE."""

import os
import sys
import time
from pathlib import Path

import requests

ADDRESS = os.environ.get("CLIENT_URL", "http://127.0.0.1:8000")
TOKEN = f"{ADDRESS}/realms/Production/protocol/openid-connect/token"


def main(picture: Path, template: Path) -> None:
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

    files = {
        "image": (picture.name, picture.read_bytes()),
        "template": (template.name, template.read_bytes()),
    }
    sent = session.post(f"{ADDRESS}/api/v1/match/template", files=files, timeout=30)
    sent.raise_for_status()
    task = sent.json()
    while task["status"] not in ("done", "error"):
        time.sleep(0.2)
        task = session.get(f"{ADDRESS}/api/v1/tasks/{task['uid']}", timeout=30).json()
    if task["status"] == "error":
        sys.exit(task["error"])

    for match in task["result_data"]["matches"]:
        print(f"{match['x']},{match['y']} {match['w']} x {match['h']} {match['score']}")
    for path in task["result_files"]:
        name = path.rpartition("/")[2]
        Path(name).write_bytes(session.get(f"{ADDRESS}/{path}", timeout=30).content)
        print(name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
