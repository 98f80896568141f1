"""What the stages before and around joint training share: their settings, and files of tuples."""
