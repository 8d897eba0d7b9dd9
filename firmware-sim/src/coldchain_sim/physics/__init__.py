"""What happens in a temperature-controlled space, in simulated seconds; pure but for the holder of a state.

Units: °C, kW, kJ/K, kW/K, s. Models are lumped: one node of air, one of goods, one coil.
"""

from coldchain_sim.physics.ambient import Ambient
from coldchain_sim.physics.chamber import Chamber, ChamberSpec, ChamberState, initial, step
from coldchain_sim.physics.compressor import Thermostat
from coldchain_sim.physics.defrost import Defrost
from coldchain_sim.physics.door import Door
from coldchain_sim.physics.goods import Goods
from coldchain_sim.physics.probe import Probe, ProbeSpec

__all__ = [
    "Ambient",
    "Chamber",
    "ChamberSpec",
    "ChamberState",
    "Defrost",
    "Door",
    "Goods",
    "Probe",
    "ProbeSpec",
    "Thermostat",
    "initial",
    "step",
]
