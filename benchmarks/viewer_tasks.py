"""What it takes to find things in the viewer: tasks that were written down before they were tried.

    cppo view runs --port 8750 &
    python benchmarks/viewer_tasks.py http://127.0.0.1:8750 A B

A real browser (Debian's chromium, `pip install playwright`) does each task from the list of runs. A
click, a choice from a list and a text that is typed are an action each; reading and scrolling are
none. A and B are runs of one task; B has void episodes and recorded tokens.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import sync_playwright  # pyright: ignore[reportMissingImports]
from rich.console import Console
from rich.table import Table


@dataclass
class Hand:
    """Somebody at the browser, whose actions are counted."""

    page: Any
    first: str
    second: str
    actions: int = 0

    def click(self, role: str, name: str, *, exact: bool = False, nth: int = 0) -> None:
        """Click a link, a button or a box."""
        self.press(self.page.get_by_role(role, name=name, exact=exact).nth(nth))

    def open(self, run: str, *links: str) -> None:
        """Go to a run, and on by links."""
        for link in (run, *links):
            self.click("link", link, exact=True)

    def first_of(self, kind: str) -> None:
        """Open the first problem of a kind that the page of A links to."""
        self.open(self.first)
        self.click("link", kind)
        self.press(self.page.locator("tbody td:first-child a").first)

    def press(self, what: Any) -> None:
        """Click something."""
        self.actions += 1
        what.click()
        self.page.wait_for_timeout(700)

    def choose(self, label: str, value: str) -> None:
        """Choose from a list."""
        self.actions += 1
        self.page.get_by_label(label).select_option(value)
        self.page.wait_for_timeout(700)

    def type(self, label: str, text: str) -> None:
        """Type a text and Enter."""
        self.actions += 1
        self.page.get_by_label(label).fill(text)
        self.page.keyboard.press("Enter")
        self.page.wait_for_timeout(700)

    def read(self, where: str, nth: int = 0) -> str:
        """What stands somewhere."""
        return " ".join(self.page.locator(where).nth(nth).inner_text().split())


def lost_again(hand: Hand) -> str:
    """A problem of A that was solved, and lost after step 100: which, and why does it fail now?"""
    hand.first_of("lost again, training")
    return hand.read("main p")


def repeats(hand: Hand) -> str:
    """Which tuples of step 60 repeat a plan of their group, and which hold a method twice?"""
    hand.open(hand.first, "step 60")
    hand.click("button", "repeats an earlier plan")
    return (
        f"{hand.page.locator('.group .tuple:not(.dim)').count()} stand out; {hand.read('#kinds')}"
    )


def one_solves(hand: Hand) -> str:
    """Which held-out problems does A solve that B does not?"""
    hand.click("checkbox", f"compare {hand.first}")
    hand.click("checkbox", f"compare {hand.second}")
    hand.click("button", "Compare")
    hand.click("link", f"{hand.first} alone is best")
    return hand.read(".choices") + "; " + hand.read("table tbody tr:has(a[href*=problem])")


def first_void(hand: Hand) -> str:
    """The first void episode of B, and its reason."""
    hand.open(hand.second)
    hand.click("link", "void ")
    return hand.read("tbody tr")


def rare_phrase(hand: Hand) -> str:
    """The episodes of A whose texts hold a rare phrase."""
    hand.open(hand.first, "episodes")
    hand.type("words", '"no preface"')
    return hand.read("main > p") + "; " + hand.read("tbody .found")


def first_refused(hand: Hand) -> str:
    """The first plan of A that the gate refused, and why."""
    hand.open(hand.first)
    hand.click("link", "plan refused")
    return hand.read("tbody tr")


def above(hand: Hand) -> str:
    """The first step of A at which training's pass@4 was above .7, and its episodes."""
    hand.open(hand.first)
    hand.page.wait_for_selector(".plot .main-svg")
    x, y = hand.page.evaluate(
        """() => { const plot = document.querySelector(".plot"), one = plot.data[0];
        const at = one.y.findIndex((value) => value > .7), axes = plot._fullLayout, box = plot.getBoundingClientRect();
        return [box.x + axes.xaxis._offset + axes.xaxis.d2p(one.x[at]), box.y + axes.yaxis._offset + axes.yaxis.d2p(one.y[at])]; }"""  # noqa: E501
    )
    hand.page.mouse.move(x, y)
    hand.page.wait_for_timeout(300)
    hand.actions += 1
    hand.page.mouse.click(x, y)
    hand.page.wait_for_timeout(1000)
    return hand.read("h1")


def never_solved(hand: Hand) -> str:
    """A held-out problem that A never solved, and the methods that were tried on it."""
    hand.first_of("never solved, held-out")
    return hand.read("h1") + ": " + hand.read(".methods tbody tr")


def saved_by(hand: Hand) -> str:
    """In step 60 of A a group that exactly one tuple solved: which method saved it?"""
    hand.open(hand.first, "step 60")
    row = hand.page.locator("tr", has_text="1/8").first
    hand.press(row.locator(".tuple.solved"))
    return hand.read(".branch.AC .method")


def judged_again(hand: Hand) -> str:
    """A program that failed in the last step of A, to be judged again at one's own desk."""
    hand.open(hand.first, "step 160")
    hand.press(hand.page.locator(".group .tuple:has(.WA)").first)
    hand.click("button", "copy as a test case")
    return hand.read("button[data-copy*=case]")


def discouraged(hand: Hand) -> str:
    """Which tokens of a plan of step 40 of B were discouraged most?"""
    hand.open(hand.second, "step 40")
    hand.press(hand.page.locator("p:has-text('single tokens') .tuple").first)
    return hand.read("#tokens h3")


def settings(hand: Hand) -> str:
    """In which settings do A and B differ?"""
    return hand.read("thead tr")


def learnt(hand: Hand) -> str:
    """A held-out problem that A failed before training and solved after it, and the methods."""
    hand.first_of("learnt, held-out")
    return hand.read("h1") + ": " + hand.read(".methods tbody tr")


def slowest(hand: Hand) -> str:
    """The failing program of A that took the most CPU time."""
    hand.open(hand.first, "episodes")
    hand.choose("order", "most CPU time")
    return hand.read("tbody tr")


TASKS: list[Callable[[Hand], str]] = [
    *(lost_again, repeats, one_solves, first_void, rare_phrase, first_refused, above),
    *(never_solved, saved_by, judged_again, discouraged, settings, learnt, slowest),
]


def main() -> None:
    """Do the tasks, and print what each took."""
    parser = argparse.ArgumentParser(description="What it takes to find things in the viewer.")
    parser.add_argument("address")
    parser.add_argument("runs", nargs=2)
    given = parser.parse_args()
    table = Table("task", "actions", "found")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for task in TASKS:
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            hand = Hand(context.new_page(), *given.runs)
            hand.page.set_default_timeout(60_000)
            hand.page.goto(given.address)
            found = task(hand)
            table.add_row(task.__doc__, str(hand.actions), found[:300])
            context.close()
        browser.close()
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
