"""Delivery: what alerts decided to tell is sent at least once, in order per alert, under one id."""

from coldchain_backend.delivery.courier import Courier, CourierSettings
from coldchain_backend.delivery.queue import Queue, Queued
from coldchain_backend.delivery.senders.http import HttpSender

__all__ = ["Courier", "CourierSettings", "HttpSender", "Queue", "Queued"]
