"""What every service must be is noticed when it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tools.compose import rules
from tools.compose.images import image
from tools.compose.model import ROOT, Document, Health, Mistaken, Mount, Service, services

HARDENED: dict[str, object] = {
    "image": "coldchain-backend:local",
    "user": "10001:10001",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "mem_limit": "1g",
    "pids_limit": 10,
    "cpus": 1,
    "healthcheck": {"test": ["CMD", "true"], "interval": "10s", "retries": 3, "start_period": "1m30s"},
    "restart": "unless-stopped",
}


def made(**changed: object) -> Service:
    raw = {name: value for name, value in (HARDENED | changed).items() if value is not None}
    document: Document = {"services": {"one": raw}, "secrets": {"key": {"file": "/x/webhook_key"}}}
    return services(document)["one"]


def told(service: Service, **others: Service) -> list[str]:
    return list(rules.faults(service, {"one": service, **others}))


def test_a_hardened_service_has_no_faults() -> None:
    assert told(made()) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"image": "influxdb:latest"}, "its image is not pinned to a version"),
        ({"image": "influxdb"}, "its image is not pinned to a version"),
        ({"image": "influxdb:2"}, "its image is not pinned to a version"),
        ({"user": "0:0"}, "it does not name a user other than root"),
        ({"user": "root"}, "it does not name a user other than root"),
        ({"user": None}, "it does not name a user other than root"),
        ({"read_only": None}, "its file system can be written"),
        ({"cap_drop": None}, "it keeps capabilities"),
        ({"cap_add": ["NET_ADMIN"]}, "it keeps capabilities"),
        ({"security_opt": []}, "it may gain privileges"),
        ({"mem_limit": None}, "it has no mem_limit"),
        ({"pids_limit": None}, "it has no pids_limit"),
        ({"cpus": None}, "it has no cpus"),
        ({"healthcheck": None}, "it has no health check"),
        ({"healthcheck": {"test": ["NONE"], "disable": True}}, "it has no health check"),
        ({"healthcheck": None, "restart": "no"}, None),
        ({"ports": [{"target": 8080}]}, "port 8080 is open to every network"),
        ({"ports": [{"target": 8080, "host_ip": "0.0.0.0"}]}, "port 8080 is open to every network"),  # noqa: S104 - compared
        ({"ports": [{"target": 8080, "host_ip": "127.0.0.1"}]}, None),
        ({"secrets": [{"source": "key"}]}, None),
    ],
)
def test_what_is_missing_is_named(changed: dict[str, object], fault: str | None) -> None:
    assert told(made(**changed)) == ([] if fault is None else [fault])


def test_a_secret_or_file_that_nobody_makes_is_named() -> None:
    mounts = (
        Mount(kind="bind", source="/no/such/file", target="/a", read_only=True),
        Mount(kind="secret", source="/x/unheard_of", target="/run/secrets/unheard_of", read_only=True),
    )
    assert told(replace(made(), mounts=mounts)) == [
        "/no/such/file is not there",
        "`make secrets` does not make /x/unheard_of",
    ]


def test_who_waits_waits_for_health_or_for_the_end() -> None:
    ends, stays = made(restart="no", healthcheck=None), made()
    waits = {
        "right": {"condition": "service_completed_successfully"},
        "stays": {"condition": "service_started"},
    }
    assert told(made(depends_on=waits), right=ends, stays=stays) == [
        "it waits for stays as service_started, not service_healthy"
    ]


def test_a_health_check_is_given_its_start_and_all_its_tries() -> None:
    assert made().health == Health(command=("true",), within_s=120.0)
    shell = made(healthcheck={"test": ["CMD-SHELL", "a | b"]})
    assert shell.health == Health(command=("/bin/sh", "-c", "a | b"), within_s=90.0)


def test_settings_and_their_example_name_the_same() -> None:
    compose = {Path("a.yml"): "image: ${MIRROR:-}x\nports: ${BIND:-127.0.0.1}"}
    assert rules.settings_are_explained(compose, "# why\nMIRROR=\nBIND=127.0.0.1\n") == "2 variables"
    with pytest.raises(Mistaken, match="differ in BIND"):
        rules.settings_are_explained(compose, "MIRROR=\n")
    with pytest.raises(Mistaken, match="differ in OLD"):
        rules.settings_are_explained(compose, "MIRROR=\nBIND=\nOLD=1\n")
    with pytest.raises(Mistaken, match="secret"):
        rules.settings_are_explained({Path("a"): "${ADMIN_TOKEN:-}"}, "ADMIN_TOKEN=abc\n")


def test_a_dockerfile_copies_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "any.Dockerfile"
    file.write_text("FROM x\nCOPY core core\nCOPY --from=build /opt /opt\n")
    assert rules.copied(file) == "core"
    file.write_text("COPY nowhere x\n")
    with pytest.raises(Mistaken, match="not there"):
        rules.copied(file)
    file.write_text("COPY tests x\n")
    with pytest.raises(Mistaken, match="keeps out"):
        rules.copied(file)


def test_an_image_brings_what_its_last_stage_says() -> None:
    backend = image("coldchain-backend:local")
    assert backend.entrypoint == ("coldchain-backend", "--config", "/etc/coldchain/backend.toml")
    assert backend.folder == "/var/lib/coldchain"
    assert backend.environment == {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    assert image("coldchain-demo:local").environment["PYTHONPATH"] == "/opt/demo"
    assert image("influxdb:2.7.12").entrypoint == ()


def test_the_dashboards_that_grafana_is_given_are_there() -> None:
    assert list((ROOT / "dashboards/src/coldchain_dashboards/generated").glob("*.json"))
