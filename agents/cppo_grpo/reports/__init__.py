"""Reports: one HTML file each, which needs no other file and no network.

run → report.html of a run        several → one page of several runs
charts, page → what both are made of; every score is made by `cppo_env.evaluation`
"""
