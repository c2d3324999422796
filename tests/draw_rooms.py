#!/usr/bin/env python3
"""Draws which module of daemon/ includes which other module, from the #include lines, into
docs/development/architecture.md.

An arrow that follows from a longer path is left out. tests/house_rules_test.py fails if the page is out of date.
"""
import house_rules_test as house

PAGE = house.ROOT / "docs/development/architecture.md"
BEGIN, END = "<!-- rooms -->\n", "<!-- end of rooms -->"


def arrows():
    found = {}
    for path in house.sources("daemon/*.h", "daemon/*.cc"):
        room = house.room_of_file(path)
        below = found.setdefault(room, set())
        for _, ours, _ in house.includes(path):
            if ours and house.room_of(ours) in house.MAY_INCLUDE and house.room_of(ours) != room:
                below.add(house.room_of(ours))
    return found


def reached(graph, room):
    return graph[room].union(*(reached(graph, below) for below in graph[room]))


def drawing():
    graph = arrows()
    lines = ["```mermaid", "flowchart TD"]
    for room in house.MAY_INCLUDE:
        implied = set().union(*(reached(graph, below) for below in graph[room]))
        lines += [f"  {room} --> {below}" for below in house.MAY_INCLUDE if below in graph[room] - implied]
    return "\n".join(lines + ["```", ""])


def put(page):
    head, rest = page.split(BEGIN)
    return head + BEGIN + drawing() + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(put(PAGE.read_text()))
