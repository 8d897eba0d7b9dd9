"""Delivery: what alerts decided to tell is sent at least once, in order per alert, under one id."""

from coldchain_backend.delivery.attempt import Attempts
from coldchain_backend.delivery.courier import Courier, CourierPorts
from coldchain_backend.delivery.queue import Queue, Queued
from coldchain_backend.delivery.senders import Senders
from coldchain_backend.delivery.senders.guard import Guard

__all__ = ["Attempts", "Courier", "CourierPorts", "Guard", "Queue", "Queued", "Senders"]
