"""What the computer must have for the wires that are configured; read from files below a root folder."""

from .buses import gpio_findings, onewire_findings
from .finding import Finding, Person
from .folder import folder_findings
from .ports import port_findings

__all__ = ["Finding", "Person", "folder_findings", "gpio_findings", "onewire_findings", "port_findings"]
