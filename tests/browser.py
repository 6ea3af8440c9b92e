"""Chromium, where it is installed: how the tests that need it start it, watch a page and judge it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


@contextmanager
def started() -> Iterator[Any]:
    """A headless Chromium. Skips the test, with the reason, where there is none."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as api:
        browser = api.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def violations(page: Any, rules: list[str]) -> list[tuple[str, str]]:
    """What axe-core finds wrong: its rules, each with the start of the first element that breaks it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    found = axe.run(page, options={"runOnly": rules, "resultTypes": ["violations"]}).response["violations"]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found]


def width_of(page: Any) -> int:
    """How wide the page is, in pixels, all that overflows included."""
    return page.evaluate("document.documentElement.scrollWidth")


def target(page: Any) -> str:
    """The id of the element that the address of the page leads to, or an empty text."""
    return page.evaluate("document.querySelector(':target')?.id ?? ''")
