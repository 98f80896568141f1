"""A run is a folder: settings, figures, checkpoints, report."""
