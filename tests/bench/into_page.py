"""into_page.py TABLE PAGE: puts the file TABLE between the two marks of PAGE, in place of what stands there."""

import pathlib
import sys

BEGIN, END = "<!-- table -->\n", "<!-- end of table -->"

table, page = (pathlib.Path(name) for name in sys.argv[1:])
head, rest = page.read_text(encoding="utf-8").split(BEGIN)
page.write_text(head + BEGIN + table.read_text(encoding="utf-8") + END + rest.split(END)[1], encoding="utf-8")
