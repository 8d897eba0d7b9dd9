"""gateway.toml: what is taken, and how every mistake is told."""

from pathlib import Path

import pytest

from coldchain.errors import ConfigError, InvalidInput
from coldchain_gateway.config import load
from coldchain_gateway.going_down import FileInputConfig
from coldchain_gateway.uplink import Endpoint

GOOD = """\
[gateway]
name = "gw-1"
organisation = "demo"
data_dir = "var"
seal_after = "30s"

[uplink]
url = "https://cold.example.org/base/"
token_file = "secret/token"

[[source]]
kind = "serial_line"
name = "line"
port = "/dev/null"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(text)
    return file


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    settings = load(written(tmp_path, GOOD))
    assert settings.data_dir == tmp_path / "var"
    assert settings.token_file == tmp_path / "secret" / "token"
    assert settings.config.gateway.seal_after == 30_000
    endpoint = settings.endpoint()
    assert endpoint is not None
    assert (endpoint.scheme, endpoint.port, endpoint.path) == ("https", 443, "/base")


def test_limits_and_inputs_lie_beside_the_file(tmp_path: Path) -> None:
    more = '[local_alarm]\nwatch_file = "watch.json"\n'
    for name, path in (("ups", "ups/state"), ("key", "/run/ignition")):
        more += f'[[going_down]]\nkind = "file"\nname = "{name}"\npath = "{path}"\n'
    config = load(written(tmp_path, GOOD + more)).config
    assert config.local_alarm.watch_file == tmp_path / "watch.json"
    paths = [one.path for one in config.going_down if isinstance(one, FileInputConfig)]
    assert paths == [tmp_path / "ups" / "state", Path("/run/ignition")]


def test_a_gateway_on_its_own_has_no_uplink(tmp_path: Path) -> None:
    text = GOOD.replace(GOOD[GOOD.index("[uplink]") : GOOD.index("[[source]]")], "")
    assert load(written(tmp_path, text)).endpoint() is None


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('name = "gw-1"', 'name = "gw 1"', 1, "not a name"),
        ('seal_after = "30s"', 'seal_after = "2d"', 1, "seal_after must lie"),
        ('seal_after = "30s"', 'seal_after = "soon"', 5, "soon"),
        ('seal_after = "30s"', 'seal_aftr = "30s"', 5, "did you mean `seal_after`"),
        ('url = "https://cold.example.org/base/"', 'url = "cold.example.org"', 7, "URL"),
        ('kind = "serial_line"', 'kind = "seriel"', 12, "serial_line"),
    ],
)
def test_every_mistake_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, GOOD.replace(old, new)))
    assert said in str(caught.value)
    assert f"gateway.toml:{line}" in str(caught.value)


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[[source]]") :]
    with pytest.raises(ConfigError, match="two sources are called 'line'"):
        load(written(tmp_path, GOOD + again))


def test_a_missing_ca_file_is_told(tmp_path: Path) -> None:
    text = GOOD.replace("token_file", 'ca_file = "nowhere.pem"\ntoken_file')
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        load(written(tmp_path, text))


@pytest.mark.parametrize("url", ["ftp://a", "http://", "a:b", "http://a:99999", ""])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        Endpoint.parse(url)


def test_two_sources_on_one_port_are_refused_under_whatever_name(tmp_path: Path) -> None:
    (tmp_path / "ttyUSB0").touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyUSB0")
    line = '[[source]]\nkind = "serial_line"\nname = "{}"\nport = "{}"\n'
    both = line.format("a", tmp_path / "ttyUSB0") + line.format("b", tmp_path / "by-id")
    with pytest.raises(ConfigError, match="a and b share the port"):
        load(written(tmp_path, GOOD[: GOOD.index("[[source]]")] + both))
