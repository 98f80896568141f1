"""Does a run fit? Its memory, disk and batches, computed before any weight is loaded."""
