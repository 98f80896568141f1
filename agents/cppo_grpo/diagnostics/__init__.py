"""Small tasks that each isolate one ability of a learning algorithm, and its fingerprint.

Like bsuite (Osband et al. 2020, arXiv 1908.03568), for learners of coordinated attempts:
docs/diagnostics.md.
"""
