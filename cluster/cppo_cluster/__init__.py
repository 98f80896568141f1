"""Sandboxes past one process: a judge server over HTTP, its client, and Ray's nodes."""
