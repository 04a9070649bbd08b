"""Text that shows an object: as a page of HTML, or plain. Nothing in it is markup of the object's own."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from dicomweb.ranges import Content, content_of
from dicomweb.rendering.report_content import Line

HTML: Final = "text/html"
PLAIN: Final = "text/plain"
XML: Final = "text/xml"
# Whatever is in a page that was sent here, it runs no script, loads nothing and is not this site's own.
HARMLESS: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
}
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "dl{display:grid;grid-template-columns:max-content auto;gap:0 1em}dt,th{color:#666;text-align:left;font-weight:400}"
    "dd{margin:0}td,th{padding:0 1em 0 0}p{white-space:pre-wrap;margin:0}"
)
# Items that are deeper stand where these do, so that there is room for their text.
_DEEPEST: Final = 20

Facts = Sequence[tuple[str, str]]


def text_content(text: str, media_type: str) -> Content:
    """Make the content of an answer of text."""
    data = text.encode("utf-8", "replace")
    whole = content_of(data, f"{media_type};charset=utf-8")
    return Content(media_type=whole.media_type, size=whole.size, read=whole.read, headers=HARMLESS)


def page(title: str, body: str) -> str:
    """Write a page."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body><h1>{escape(title)}</h1>{body}</body></html>'


def html_facts(facts: Facts) -> str:
    """Write names with their values."""
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts) + "</dl>"


def plain_facts(facts: Facts) -> str:
    """Write names with their values, one a line."""
    return "".join(f"{name}: {value}\n" for name, value in facts)


def html_lines(lines: Iterable[Line]) -> str:
    """Write content items one below the other, indented as they are contained in each other."""
    return "".join(f'<p style="margin-left:{min(line.depth, _DEEPEST)}em">{_html(line)}</p>' for line in lines)


def _html(line: Line) -> str:
    name = escape(line.name)
    return f"<strong>{name}</strong>" if line.heading else f"{name and f'{name}: '}{escape(line.value)}"


def plain_lines(lines: Iterable[Line]) -> str:
    """Write content items with indentation."""
    return "".join(f"{'  ' * min(line.depth - 1, _DEEPEST)}{_plain(line)}\n" for line in lines)


def _plain(line: Line) -> str:
    if line.heading:
        return line.name
    return f"{line.name}: {line.value}" if line.name else line.value


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    first = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{first}</tr></thead><tbody>{body}</tbody></table>"
