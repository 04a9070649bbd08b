"""The conformance statement as Markdown."""

from collections.abc import Iterator

from isocenter.conformance.document import Block, Document, Drawing, Heading, Points, Table, Text, flat


def as_markdown(document: Document) -> str:
    """Write a document."""
    lines = [f"# {document.title}", ""]
    for part in flat(document):
        lines.extend(_lines(part))
        lines.append("")
    return "\n".join(lines)


def _lines(part: Heading | Block) -> Iterator[str]:
    match part:
        case Heading(number=number, title=title, depth=depth):
            yield f"{'#' * (depth + 1)} {number} {title}"
        case Text(text=text):
            yield text
        case Drawing(text=text):
            yield from ("```text", text, "```")
        case Points(items=items):
            yield from (f"- {item}" for item in items)
        case Table(head=head, rows=rows):
            yield f"| {' | '.join(head)} |"
            yield f"|{' --- |' * len(head)}"
            yield from (f"| {' | '.join(map(_cell, row))} |" for row in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
