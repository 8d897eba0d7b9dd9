"""The scenario in the simulator's README works as printed."""

import re
from pathlib import Path

from coldchain_sim import scenario

README = Path(__file__).resolve().parents[3] / "firmware-sim" / "README.md"


def test_the_printed_scenario_and_site_load(tmp_path: Path) -> None:
    printed = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", README.read_text("utf-8"), re.DOTALL))
    assert set(printed) == {"mine.yaml", "sites/shop.yaml"}
    (tmp_path / "sites").mkdir()
    for name, text in printed.items():
        (tmp_path / name).write_text(text, "utf-8")
    story, site = scenario.load(str(tmp_path / "mine.yaml"))
    assert story.timeline[0].where == "freezer"
    assert len(site.bridge[0].names()) == 100
