"""The stages of a run: warm start, audit, joint CPPO, evaluation."""
