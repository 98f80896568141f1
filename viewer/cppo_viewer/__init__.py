"""`cppo view`: a local, read-only web page on runs, live while they train.

    commands → server → pages → details, failing → library → index → database, and pages → texts

The pages are made here from templates, without a build step; `static/` draws curves with Plotly and
works offline. Texts that a model wrote are escaped, and no page may load anything from elsewhere.
"""
