"""The wires: pseudo terminals for serial lines, and MQTT."""
