"""Draws what a terminal shows as SVG: standard input, with its escape sequences, to the file that is named. Words after it are the title."""

import io
import sys

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

file, title = sys.argv[1], " ".join(sys.argv[2:])
lines = sys.stdin.read().splitlines()
console = Console(record=True, width=max(80, *(Text.from_ansi(line).cell_len for line in lines)), file=io.StringIO(), force_terminal=True, color_system="truecolor")
for line in lines:
    console.print(Text.from_ansi(line), highlight=False)
svg = console.export_svg(title=title, theme=MONOKAI, unique_id="terminal")
# Nobody's fonts are fetched: the reader's own will do.
while (start := svg.find("@font-face")) >= 0:
    svg = svg[:start] + svg[svg.index("}", start) + 1 :].lstrip()
svg = svg.replace("Fira Code", "ui-monospace, SFMono-Regular, Menlo, DejaVu Sans Mono")
with open(file, "w", encoding="utf-8") as out:
    out.write(svg)
