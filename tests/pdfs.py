"""What the tests read in a PDF: bookmarks, structure, words, links."""

import re


def titles(outline: list) -> list[str]:
    """The bookmarks, in order."""
    return [title for item in outline for title in (titles(item) if isinstance(item, list) else [item["/Title"]])]


def elements(node, found: list) -> list:
    """Every structure element below a node of the structure tree."""
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            elements(child, found)
    elif isinstance(node, dict):
        if "/S" in node:
            found.append(node)
        if "/K" in node:
            elements(node["/K"], found)
    return found


def compact(text: str) -> str:
    """Text without what line breaking may add or take away."""
    return re.sub(r"[\s\u00ad\u200b\u2010-]", "", text)
