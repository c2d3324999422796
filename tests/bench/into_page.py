"""into_page.py TABLE PAGE [SET]: puts the file TABLE between the two marks of PAGE, in place of what stands there.

SET is clean, which is meant without it, or faults: the table has marks of its own.
"""

import pathlib
import sys

word = {"clean": "table", "faults": "faults"}[sys.argv[3] if len(sys.argv) > 3 else "clean"]
begin, end = f"<!-- {word} -->\n", f"<!-- end of {word} -->"

table, page = (pathlib.Path(name) for name in sys.argv[1:3])
head, rest = page.read_text(encoding="utf-8").split(begin)
page.write_text(head + begin + table.read_text(encoding="utf-8") + end + rest.split(end)[1], encoding="utf-8")
