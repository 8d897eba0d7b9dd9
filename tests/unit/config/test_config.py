"""backend.toml: every mistake with its line and key; paths beside the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from coldchain.errors import ConfigError
from coldchain_backend.config import Settings, load

LEAST = '[backend]\norganisation = "demo"\n'


def settings(folder: Path, text: str) -> Settings:
    file = folder / "backend.toml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def test_the_least_file_listens_on_this_machine_only(tmp_path: Path) -> None:
    found = settings(tmp_path, LEAST)
    assert (found.organisation, found.host, found.port) == ("demo", "127.0.0.1", 8080)
    assert found.data_dir == tmp_path / "data"
    assert found.url == found.public_url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("[::]:9000", "http://127.0.0.1:9000"),
        ("store.example:8080", "http://store.example:8080"),
    ],
)
def test_commands_reach_the_server_where_it_listens(tmp_path: Path, listen: str, url: str) -> None:
    found = settings(tmp_path, f'{LEAST}listen = "{listen}"\npublic_url = "https://cold.example/"\n')
    assert found.url == url
    assert found.public_url == "https://cold.example"


def test_an_absolute_data_folder_stays(tmp_path: Path) -> None:
    assert settings(tmp_path, f'{LEAST}data_dir = "/var/lib/cold"\n').data_dir == Path("/var/lib/cold")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs `backend`"),
        ("[backend]\n", "needs `organisation`"),
        ('[backend]\norganisation = "de mo"\n', "not a name"),
        (f'{LEAST}listen = "8080"\n', "HOST:PORT"),
        (f'{LEAST}listen = "a:99999"\n', "HOST:PORT"),
        (f'{LEAST}listen = ":80"\n', "HOST:PORT"),
        (f'{LEAST}public_url = "cold.example"\n', "http"),
        (f'{LEAST}lisen = "a:1"\n', "did you mean `listen`"),
        (f'{LEAST}[delivery]\nallow_private = ["10.0.0.0/99"]\n', "not a network"),
        ("[backend\n", "backend.toml:1"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, text)
    assert message in str(caught.value)
    assert "backend.toml" in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "nothing.toml")
