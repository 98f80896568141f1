"""The notebooks in docs/notebooks as pages: executed, with what their cells showed."""

from __future__ import annotations

import re
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import jupytext
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
SECONDS = 300
"""The most that a cell may take."""
BETWEEN = "%reset -f"
"""Gives the next notebook a fresh namespace, in the process that has the imports already."""


def pages() -> dict[str, str]:
    """Path below docs/ → Markdown of an executed notebook."""
    sources = {file.stem: file.read_text() for file in sorted(FOLDER.glob("*.py"))}
    return {
        f"notebooks/{name}.md": _markdown(notebook, name)
        for name, notebook in _executed(tuple(sources.items()))
    }


@lru_cache(maxsize=1)
def _executed(sources: tuple[tuple[str, str], ...]) -> list[tuple[str, Any]]:
    """All notebooks, one after the other in one kernel.

    Raises:
        CellExecutionError: a cell raised; the message shows cell and traceback.
    """
    notebooks = [(name, jupytext.reads(text, fmt="py:percent")) for name, text in sources]
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        sockets = str(Path(folder) / "socket")  # files that no other user can open, and no ports
        kernel = KernelManager(kernel_name="python3", transport="ipc", ip=sockets)
        try:
            for number, (_, notebook) in enumerate(notebooks):
                client = NotebookClient(notebook, km=kernel, timeout=SECONDS, resources=resources)
                if number:
                    notebook.cells[0:0] = jupytext.reads(f"# %%\n{BETWEEN}", fmt="py:percent").cells
                client.execute(cleanup_kc=False)
                if number:
                    del notebook.cells[0]
        finally:
            kernel.shutdown_kernel(now=True)
    return notebooks


def _markdown(notebook: Any, name: str) -> str:
    parts = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
        elif cell.source.strip():
            parts.append(f"````python\n{cell.source}\n````")
            parts += [text for output in cell.outputs for text in _shown(output)]
    title, *rest = parts
    heading, _, introduction = title.partition("\n")
    source = f"[This page as a notebook]({name}.py), for Jupyter with jupytext."
    return "\n\n".join([heading, source, introduction.strip(), *rest])


def _shown(output: Any) -> list[str]:
    """What a cell's output adds to the page; errors are raised before it comes to that."""
    if output.output_type == "stream":
        return [_text(output.text)] if output.name == "stdout" else []
    data = output.get("data", {})
    if "image/png" in data:
        return [f'<img alt="plot" src="data:image/png;base64,{data["image/png"].strip()}">']
    if "text/html" in data:
        table = re.sub(r"<style.*?</style>|\n\s*", "", data["text/html"], flags=re.DOTALL)
        return [f'<div class="cell-output">{table}</div>']
    return [_text(data["text/plain"])] if "text/plain" in data else []


def _text(text: str) -> str:
    return f"````text\n{text.rstrip()}\n````"
