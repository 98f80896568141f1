"""Tests per second, compared with a bare fork and wait on the same cores."""
