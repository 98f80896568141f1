"""One file for each published layout: a record becomes a problem."""
