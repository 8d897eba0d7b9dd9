"""Devices on their wires: when each speaks, and when what it said counts as given out."""

from coldchain_sim.voices.bridge import BridgeVoice
from coldchain_sim.voices.bus import BusVoice
from coldchain_sim.voices.line import LineVoice
from coldchain_sim.voices.onewire import OnewireVoice
from coldchain_sim.voices.surroundings import Surroundings

__all__ = ["BridgeVoice", "BusVoice", "LineVoice", "OnewireVoice", "Surroundings"]
