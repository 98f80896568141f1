"""Judges beyond form: gates J on what K methods say. One file each; heavy imports are lazy.

    distinct     near-duplicate methods, by their words or by embeddings of a local model
    verbaliser   P(Pass) of a small language model at the answer token; the paper's gate
    llm          any OpenAI-compatible endpoint that answers a rubric

docs/gates.md says what each can see, and what it cannot.
"""
