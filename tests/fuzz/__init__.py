"""Random hostile programs; the judge after them must be the judge before them. `make fuzz` runs them for long."""
