"""What `make docs` adds to the pages in docs/: commands, settings, notebooks, formulas, links."""
