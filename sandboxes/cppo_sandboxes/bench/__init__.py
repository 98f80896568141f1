"""Tests per second, beside a bare fork and wait on the same cores."""
