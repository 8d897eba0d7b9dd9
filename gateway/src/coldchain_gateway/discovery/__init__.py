"""Finding sensors: listens to wires, asks where it may, and drafts a configuration of what was found."""
