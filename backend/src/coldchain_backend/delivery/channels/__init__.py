"""Channels: pure; a queued delivery → a request, an answer → what it means. One file each."""
