"""Random hostile programs must leave the judge unchanged. `make fuzz` runs many of them."""
