"""The policy: log-probabilities of a transformers model, its adapter and its weights."""
