"""The page of the proof holds what the committed results say."""

from benchmarks.proof import RESULTS, label, rows_by_setting
from cppo_env.evaluation.comparison.tables import interval


def test_the_committed_page_has_every_row_of_the_committed_results():
    page = (RESULTS / "proof.html").read_text()
    settings = rows_by_setting(sorted(RESULTS.glob("coordination*.json")))
    assert set(settings) >= {"4-of-8", "skewed", "8-of-8"}
    for setting, rows in settings.items():
        assert f"<h2>{setting}: where each method ends</h2>" in page
        for row in rows:
            figures = {"mean": row["pass_at_4"], "low": row["low"], "high": row["high"]}
            cells = f"<td>{label(row)}</td><td>{row['seeds']}</td><td>{interval(figures)}</td>"
            assert cells in page, f"{row['file']}: run python benchmarks/proof.py"
