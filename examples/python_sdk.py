"""The same with the generated client: `make sdk`, `pip install build/sdk/python`, then run this."""

import os
import sys
from base64 import b64decode
from pathlib import Path

from pixelgate_sdk import ApiClient, Configuration, PixelgateApi
from pixelgate_sdk.exceptions import UnprocessableEntityException

ADDRESS = os.environ.get("CLIENT_URL", "http://127.0.0.1:8000")


def main(picture: str) -> None:
    configuration = Configuration(host=ADDRESS)
    api = PixelgateApi(ApiClient(configuration))
    granted = api.token(
        grant_type="password",
        client_id="ltu-api",
        username=os.environ["CLIENT_USER"],
        password=os.environ["CLIENT_PASSWORD"],
    )
    configuration.access_token = granted.access_token

    for red, green, blue, percent in api.color_palette(image=picture, count=3).result.colors:
        print(f"#{red:02x}{green:02x}{blue:02x} {percent} %")

    edges = api.edges(image=picture)
    Path("edges.png").write_bytes(b64decode(edges.result.edges.value))
    print("edges.png")

    try:
        api.edges(image=b"no picture")
    except UnprocessableEntityException as refused:
        print(refused.status, refused.data.message)


if __name__ == "__main__":
    main(sys.argv[1])
