"""into_page.py TABLE PAGE [SET]: replaces the text between the two markers of PAGE with the file TABLE.

SET is clean (default) or faults: each of the two tables has its own markers.
"""

import pathlib
import sys

word = {"clean": "table", "faults": "faults"}[sys.argv[3] if len(sys.argv) > 3 else "clean"]
begin, end = f"<!-- {word} -->\n", f"<!-- end of {word} -->"

table, page = (pathlib.Path(name) for name in sys.argv[1:3])
head, rest = page.read_text(encoding="utf-8").split(begin)
page.write_text(head + begin + table.read_text(encoding="utf-8") + end + rest.split(end)[1], encoding="utf-8")
