"""The conformance statement as a page of HTML that needs nothing else."""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from isocenter.conformance.document import Block, Document, Drawing, Heading, Points, Table, Text, flat

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --shade: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; font-size: 0.9rem; margin: 1rem 0; }
th, td { border: 1px solid var(--line); padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; }
th { background: var(--shade); }
pre, code { background: var(--shade); border-radius: 3px; font-family: ui-monospace, monospace; }
pre { overflow-x: auto; padding: 1rem; }
code { padding: 0 0.25em; }
nav ol { columns: 2; list-style: none; padding: 0; }
nav .depth-2 { padding-left: 1.5rem; }
h2 { border-bottom: 1px solid var(--line); margin-top: 3rem; }
@media print { body { max-width: none; } h2 { break-before: page; } tr { break-inside: avoid; } }
"""
_LISTED_DEPTH: Final = 2


def as_page(document: Document) -> str:
    """Write a document."""
    title = escape(document.title)
    parts = list(flat(document))
    body = [line for part in parts for line in _lines(part)]
    # The contents stand behind the cover, before the first heading.
    at = next((index for index, line in enumerate(body) if line.startswith("<h2")), len(body))
    body[at:at] = _contents([part for part in parts if isinstance(part, Heading)])
    head = f'<meta charset="utf-8">\n<title>{title}</title>\n<style>{_STYLE}</style>'
    return "\n".join(
        [f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>', f"<h1>{title}</h1>", *body, _END]
    )


_END: Final = "</body>\n</html>\n"


def _contents(headings: list[Heading]) -> Iterator[str]:
    yield "<nav><ol>"
    for heading in headings:
        if heading.depth <= _LISTED_DEPTH:
            link = f'<a href="#{_anchor(heading)}">{heading.number} {escape(heading.title)}</a>'
            yield f'<li class="depth-{heading.depth}">{link}</li>'
    yield "</ol></nav>"


def _lines(part: Heading | Block) -> Iterator[str]:
    match part:
        case Heading(number=number, title=title, depth=depth):
            yield f'<h{depth + 1} id="{_anchor(part)}">{number} {escape(title)}</h{depth + 1}>'
        case Text(text=text):
            yield f"<p>{_inline(text)}</p>"
        case Drawing(text=text):
            yield f"<pre>{escape(text)}</pre>"
        case Points(items=items):
            yield "<ul>"
            yield from (f"<li>{_inline(item)}</li>" for item in items)
            yield "</ul>"
        case Table(head=head, rows=rows):
            yield "<table>"
            yield f"<thead><tr>{''.join(f'<th>{_inline(name)}</th>' for name in head)}</tr></thead>"
            yield "<tbody>"
            yield from (f"<tr>{''.join(f'<td>{_inline(cell)}</td>' for cell in row)}</tr>" for row in rows)
            yield "</tbody></table>"


def _inline(text: str) -> str:
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _anchor(heading: Heading) -> str:
    return f"section-{heading.number}"
