"""The commands `cppo run`, `cppo train` and `cppo report`."""
