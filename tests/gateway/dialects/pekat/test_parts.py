"""Several projects in one service: each by its name in the path, and by its own port."""

from collections.abc import Iterator

import httpx
import pytest

from tests.keys import api_key
from tests.plates import PROJECT, plate, png, scratched
from tests.serving import WAIT_SECONDS, Served, free_port, running

PART = png(scratched())
QUALITY = '[[module]]\nuse = "image_quality"\n'


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    """Each project's own, and the service's."""
    return {"plates": free_port(), "quality": free_port()}


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int]) -> Iterator[Served]:
    """Plates, the same once more without a port, and switched off; the quality of pictures."""
    folder = tmp_path_factory.mktemp("several")
    (folder / "good.png").write_bytes(png(plate()))
    off = f"processing = false\n{PROJECT}"
    texts = {"plates": PROJECT, "again": PROJECT, "off": off, "quality": QUALITY}
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text)
    told = f"{folder}/plates.toml:{ports['plates']},{folder}/again.toml,"
    told += f"{folder}/off.toml,{folder}/quality.toml:{ports['quality']}"
    with running(folder, "gateway", "serve", slots=1, pekat_projects=told) as started:
        yield started


@pytest.fixture(scope="module")
def client(several: Served) -> Iterator[httpx.Client]:
    """A client that has a key."""
    key = {"api_key": api_key(several)}
    with httpx.Client(
        base_url=several.url, params=key, trust_env=False, timeout=WAIT_SECONDS
    ) as made:
        yield made


def modules(answer: httpx.Response) -> list[str]:
    """Which project has answered."""
    return list(answer.raise_for_status().json()["modules"])


def test_a_project_is_named_in_the_path(client: httpx.Client) -> None:
    for name, module in {"plates": "differences", "quality": "image_quality"}.items():
        answer = client.post(f"/pekat/{name}/analyze_image", content=PART)
        assert modules(answer) == [module]


def test_a_port_belongs_to_its_project_for_every_worker_whatever_the_host_says(
    client: httpx.Client, ports: dict[str, int]
) -> None:
    for _ in range(6):
        answer = httpx.post(
            f"http://127.0.0.1:{ports['quality']}/analyze_image",
            params=client.params,
            headers={"Host": f"127.0.0.1:{ports['plates']}"},
            content=PART,
            trust_env=False,
            timeout=WAIT_SECONDS,
        )
        assert modules(answer) == ["image_quality"]


def test_the_first_answers_on_the_port_of_the_service(client: httpx.Client) -> None:
    assert modules(client.post("/analyze_image", content=PART)) == ["differences"]


def test_a_name_counts_on_every_port(client: httpx.Client, ports: dict[str, int]) -> None:
    url = f"http://127.0.0.1:{ports['quality']}/pekat/plates/analyze_image"
    assert modules(client.post(url, content=PART)) == ["differences"]


def test_raw_pixels_and_the_form_with_an_ampersand_have_the_prefix_too(
    client: httpx.Client,
) -> None:
    path = (
        f"/pekat/plates/analyze_raw_image&width=480&height=320&api_key={client.params['api_key']}"
    )
    answer = httpx.post(
        client.base_url.join(path),
        content=scratched().tobytes(),
        trust_env=False,
        timeout=WAIT_SECONDS,
    )
    assert modules(answer) == ["differences"]


def test_the_last_image_is_of_one_project_however_alike_another_is(
    client: httpx.Client, several: Served, ports: dict[str, int]
) -> None:
    key = {"api_key": api_key(several)}
    path = "/pekat/plates/analyze_image"
    client.post(path, params=key, content=PART).raise_for_status()
    by_port = f"http://127.0.0.1:{ports['plates']}/last_image"
    assert client.get(by_port, params=key).json()["result"] is False
    assert client.get("/last_image", params=key).json()["result"] is False
    for other in ("again", "quality"):
        assert client.get(f"/pekat/{other}/last_image", params=key).status_code == 404


@pytest.mark.parametrize("path", ["ping", "analyze_image", "last_image", "nothing"])
def test_a_project_that_is_not_there_is_refused_in_the_same_form(
    client: httpx.Client, path: str
) -> None:
    method = "POST" if path == "analyze_image" else "GET"
    answer = client.request(method, f"/pekat/nothing/{path}")
    assert (answer.status_code, answer.json()["result"]) == (404, None)


def test_every_project_says_that_it_runs(several: Served, ports: dict[str, int]) -> None:
    urls = [f"http://127.0.0.1:{port}/ping" for port in ports.values()]
    for url in [*urls, f"{several.url}/ping", f"{several.url}/pekat/again/ping"]:
        assert httpx.get(url, trust_env=False, timeout=WAIT_SECONDS).text == "OK"


def test_the_other_apis_answer_on_such_a_port_too(several: Served, ports: dict[str, int]) -> None:
    url = f"http://127.0.0.1:{ports['plates']}"
    assert httpx.get(f"{url}/health/live", trust_env=False, timeout=WAIT_SECONDS).status_code == 200
    assert (
        httpx.get(
            f"{url}/v2/services/image/edges", trust_env=False, timeout=WAIT_SECONDS
        ).status_code
        == 401
    )


@pytest.mark.parametrize("kind", ["context", "image", "annotated_image", "heatmap"])
def test_a_project_that_is_switched_off_says_so_and_finds_nothing(
    client: httpx.Client, kind: str
) -> None:
    told = client.params.merge({"response_type": kind, "data": "7", "context_in_body": ""})
    answer = client.post("/pekat/off/analyze_image", params=told, content=PART)
    context = answer.raise_for_status().json()
    assert not {"imagelen", "contextbase64utf"} & {*answer.headers}
    assert (context["processing"], context["data"]) == (False, "7")
    assert (context["detectedRectangles"], context["modules"]) == ([], {})
    assert "result" not in context


def test_a_project_that_is_switched_off_refuses_and_keeps_no_picture(client: httpx.Client) -> None:
    answer = client.post("/pekat/off/analyze_image", content=b"hello")
    assert (answer.status_code, answer.json()["result"]) == (400, None)
    client.post("/pekat/off/analyze_image", content=PART).raise_for_status()
    assert client.get("/pekat/off/last_image").status_code == 404


def test_a_project_that_is_switched_on_says_so(client: httpx.Client) -> None:
    context = client.post("/pekat/plates/analyze_image", content=PART).json()
    assert context["processing"] is True
