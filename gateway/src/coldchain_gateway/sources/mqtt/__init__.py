"""MQTT: messages are acknowledged only when they are durable."""
