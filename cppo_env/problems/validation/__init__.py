"""Run references and known-wrong programs, and keep what the set got right."""
