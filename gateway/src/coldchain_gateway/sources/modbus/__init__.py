"""Modbus RTU: many units on one bus."""
