"""The page's files as a browser fetches them: complete, guarded, kept, and open to everybody while the API is not."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mmpt_sign.inference.model import SignModel
from mmpt_sign.poses.layouts import layout
from mmpt_sign.serve.page import assets, examples
from tests.serve.places import app_of, client_of

STATIC = assets.HERE
SCRIPTS = sorted(STATIC.rglob("*.js"))
MOST_BYTES = 120_000  # of everything but MediaPipe: quick on any line


class Links(HTMLParser):
    """Addresses in a document, and whatever a strict policy would forbid."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.forbidden: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value for name, value in attrs if name in ("src", "href") and value and value[0] != "#"]
        self.forbidden += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.forbidden.append(tag)


def test_the_document_names_files_that_exist_and_nothing_inline(client: TestClient) -> None:
    document = client.get("/")
    links = Links(document.text)
    assert not links.forbidden
    assert len(links.addresses) >= 3
    for address in links.addresses:
        assert client.get(f"/{address}").status_code == 200, address
    policy = document.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_only_the_worker_may_compile(client: TestClient) -> None:
    base = base_of(client)
    assert "'wasm-unsafe-eval'" in client.get(f"{base}/holistic/worker.js").headers["content-security-policy"]
    assert "content-security-policy" not in client.get(f"{base}/main.js").headers


@pytest.mark.parametrize("path", [*SCRIPTS, STATIC / "page.css", STATIC / "index.html"], ids=lambda path: path.name)
def test_no_other_host_is_named(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("https:// or on this computer", "")
    assert not re.search(r"https?://|//cdn|@import", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_short_and_import_files_that_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    for name in re.findall(r'from "\./([^"]+)"', text):
        assert (path.parent / name).is_file(), name
    assert not re.search(r"innerHTML|insertAdjacentHTML|\beval\(|document\.write", text)


def test_the_page_is_small() -> None:
    assert sum(path.stat().st_size for path in STATIC.rglob("*.*")) < MOST_BYTES


def test_files_are_kept_forever_and_the_document_is_asked_for_again(client: TestClient) -> None:
    document = client.get("/")
    assert document.headers["cache-control"] == "no-cache"
    assert client.get("/", headers={"If-None-Match": document.headers["etag"]}).status_code == 304
    base = base_of(client)
    assert "immutable" in client.get(f"{base}/main.js").headers["cache-control"]
    old = client.get("/page/files/0123456789abcdef/main.js")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    assert client.head("/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/page/files/x/../../routes.py",
        "/page/files/x/..%2f..%2froutes.py",
        "/page/files/x/%2e%2e/%2e%2e/routes.py",
        "/page/files/x//etc/passwd",
        "/page/files/x/index.html",
        "/page/files/x/holistic",
        "/page/examples/..%2f..%2fconfig.json",
        "/page/examples/ase_B%00",
        "/page/",
    ],
)
def test_only_known_names_are_served(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_route")


def test_the_page_needs_no_key_and_what_it_asks_does(model: SignModel, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("k" * 32)
    with client_of(app_of(model, api_keys=keys)) as client:
        assert client.get("/").status_code == client.get(f"{base_of(client)}/main.js").status_code == 200
        assert client.get("/page/facts").json()["keys"] is True
        assert client.get("/v1/models").status_code == client.get("/v1/clip?id=x").status_code == 401
        assert client.post("/v1/pose/video", content=b"x").status_code == 401
        assert client.get("/v1/models", headers={"X-API-Key": "k" * 32}).status_code == 200


def test_facts_tell_what_this_server_can_do(client: TestClient, model: SignModel) -> None:
    facts = client.get("/page/facts").json()
    assert (facts["keys"], facts["video"]) == (False, False)
    assert facts["limits"]["max_texts"] == 256
    with client_of(app_of(model, max_texts=3)) as other:
        assert other.get("/page/facts").json()["limits"]["max_texts"] == 3


def test_without_the_build_of_mediapipe_the_page_says_so(model: SignModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "is_complete", lambda: False)
    with client_of(app_of(model)) as client:
        assert client.get("/page/facts").json()["camera"] is False
        assert client.get(f"{base_of(client)}/holistic/holistic.js").status_code == 404


def test_examples_are_those_of_the_installed_package(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("spoken_to_signed")
    offered = client.get("/page/facts").json()["examples"]
    assert offered
    answer = client.get(f"/page/examples/{offered[0]['id']}")
    assert answer.content == examples.examples()[offered[0]["id"]].path.read_bytes()


def test_languages_have_names_and_the_skeleton_joins_points_that_exist(client: TestClient) -> None:
    base = base_of(client)
    languages = client.get(f"{base}/languages.json").json()
    assert dict(languages["signed"])["ase"] == "American Sign Language"
    assert ["de", "German"] in languages["written"]
    assert not {tag for tag, _ in languages["written"]} & {"deu", "eng"}
    components = client.get(f"{base}/skeleton.json").json()["components"]
    names = [f"{part['name']}.{point}" for part in components for point in part["points"]]
    assert tuple(names) == layout("holistic_543").points
    for part in components:
        assert {end for line in part["lines"] for end in line} <= set(part["points"])


def test_paths_of_the_page_are_no_labels(client: TestClient) -> None:
    client.get("/page/files/x/made-up-by-a-client.js")
    metrics = client.get("/metrics").text
    assert 'route="/page/{path:path}"' in metrics
    assert "made-up-by-a-client" not in metrics


def base_of(client: TestClient) -> str:
    found = re.search(r'data-files="([^"]+)"', client.get("/").text)
    assert found is not None
    return "/" + found.group(1)
