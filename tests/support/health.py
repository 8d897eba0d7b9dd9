"""The health of a gateway that is well."""

from coldchain_gateway.health import Health, SourceHealth
from coldchain_gateway.outbox import Counts
from coldchain_gateway.uplink import UplinkState

GOOD = Health(
    version="0.1.0",
    gateway="gw-1",
    organisation="demo",
    fingerprint="ab" * 16,
    written_ms=1_795_376_523_000,
    started_ms=1_795_376_500_000,
    run="abababab-1",
    seq=12,
    sources=(SourceHealth(name="line", state="running", error="", restarts=0, refused={"sentinel": 3}),),
    outbox=Counts(waiting_batches=2, waiting_lines=20, used_bytes=5_000_000),
    oldest_waiting_s=7,
    hours_until_full=None,
    disk_free_bytes=9_000_000_000,
    quarantined=0,
    not_kept_for_s=0,
    clock_source="backend",
    clock_trusted=True,
    clock_alarm=False,
    clock_untrusted_s=0,
    uplink=UplinkState(state="connected", message="", last_accepted_ms=1, unsent_again=0),
    influxdb=None,
    watch_version="v1",
    lines_kept=100,
    redelivered=0,
    queue=0,
    rss_bytes=30_000_000,
)
