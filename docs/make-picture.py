#!/usr/bin/env python3
"""Makes docs/demo.svg, the picture in the README, from what the demo really prints.

    ./signalbox demo DIR | docs/make-picture.py
"""
import html
import pathlib
import re
import sys

INK, DIM, PAPER = "#d7dde4", "#8493a3", "#12181f"
COLOURS = [
    (r"\b(success|passed|promoted)\b", "#7fc98f"),
    (r"\b(failed|blocked|Stopped)\b", "#e58b7b"),
    (r"\b(Retried|again|attempt 2)\b", "#e3c16f"),
]
SIZE, LINE, LEFT, TOP, WIDTH = 13, 18, 22, 46, 132


def spans(text):
    if text.startswith("$ "):
        return f'<tspan fill="#8fb8e8">{html.escape(text)}</tspan>'
    text = html.escape(text)
    for pattern, colour in COLOURS:
        text = re.sub(pattern, rf'<tspan fill="{colour}">\g<0></tspan>', text)
    return text


def main():
    lines = [line.rstrip()[:WIDTH] for line in sys.stdin]
    lines = [re.sub(r"^made .*?: ", "made a project: ", line) for line in lines]
    lines = lines[: next((i for i, line in enumerate(lines) if line.startswith("The demo took")), len(lines))]
    height = TOP + LINE * len(lines) + 12
    rows = "\n".join(
        f'<text x="{LEFT}" y="{TOP + LINE * i}" xml:space="preserve">{spans(line)}</text>' for i, line in enumerate(lines) if line
    )
    picture = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT * 2 + int(WIDTH * 7.85)} {height}" role="img"
  aria-label="What the demo prints: a week of features, a day stopped by a check, a retry, and a model promoted over the champion"
  font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="{SIZE}" fill="{INK}">
<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>
<g fill="{DIM}"><circle cx="24" cy="18" r="5"/><circle cx="42" cy="18" r="5"/><circle cx="60" cy="18" r="5"/></g>
{rows}
</svg>
"""
    (pathlib.Path(__file__).parent / "demo.svg").write_text(picture, encoding="utf-8")


main()
