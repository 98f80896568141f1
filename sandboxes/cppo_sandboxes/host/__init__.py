"""The host side of a sandbox: jobs in, reports out. It grades and never runs a program."""
