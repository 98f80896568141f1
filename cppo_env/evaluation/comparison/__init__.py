"""Compare finished evaluations: methods, each with runs of several seeds, on shared problems.

run folders → `loading` → methods (`methods`) → `summary.compare` → tables and plots

`summary.compare` makes every figure; what shows them (terminal, Markdown, LaTeX, HTML, JSON) makes
none.
"""
