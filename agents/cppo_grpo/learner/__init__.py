"""Rollout → advantages → update."""
