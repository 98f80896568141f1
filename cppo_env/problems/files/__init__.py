"""Files of records: where they lie, their formats, and an index of each."""
