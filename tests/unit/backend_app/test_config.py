"""backend.toml: every mistake is told with file and key; paths and addresses come out whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain.errors import ConfigError
from coldchain_backend.config import Settings, load


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "backend.toml"
    file.write_text(text, "utf-8")
    return file


def settings(tmp_path: Path, text: str) -> Settings:
    return load(written(tmp_path, text))


def test_the_smallest_file_listens_on_this_machine_only(tmp_path: Path) -> None:
    found = settings(tmp_path, '[backend]\norganisation = "demo"\n')
    assert (found.organisation, found.host, found.port) == ("demo", "127.0.0.1", 8080)
    assert found.data_dir == tmp_path / "data"
    assert found.url == found.public_url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("listen", "host", "url"),
    [
        ("0.0.0.0:9000", "0.0.0.0", "http://127.0.0.1:9000"),  # noqa: S104 - read, not bound
        ("[::1]:9000", "::1", "http://[::1]:9000"),
        ("example.org:80", "example.org", "http://example.org:80"),
    ],
)
def test_the_server_is_asked_where_it_listens(tmp_path: Path, listen: str, host: str, url: str) -> None:
    found = settings(tmp_path, f'[backend]\norganisation = "demo"\nlisten = "{listen}"\n')
    assert (found.host, found.url) == (host, url)


def test_people_reach_it_by_the_public_address(tmp_path: Path) -> None:
    text = '[backend]\norganisation = "demo"\npublic_url = "https://cold.example.org/"\n'
    assert settings(tmp_path, text).public_url == "https://cold.example.org"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "backend"),
        ('[backend]\norganisation = "de mo"\n', "name of letters"),
        ('[backend]\norganisation = "demo"\nlisten = "8080"\n', "HOST:PORT"),
        ('[backend]\norganisation = "demo"\nlisten = "h:99999"\n', "HOST:PORT"),
        ('[backend]\norganisation = "demo"\npublic_url = "cold.example.org"\n', "http"),
        ('[backend]\norganisation = "demo"\nlissten = "h:1"\n', "lissten"),
        ('[backend]\norganisation = "demo"\n[delivery]\nallow_private = ["10.0.0.0/40"]\n', "not a network"),
        ("[backend\n", "backend.toml"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(written(tmp_path, text))
    assert told in "\n".join(str(mistake) for mistake in raised.value.mistakes)
    assert raised.value.file.endswith("backend.toml")
