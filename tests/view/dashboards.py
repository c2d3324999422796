"""Reads the dashboards of config/grafana and the queries in them."""
import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "config" / "grafana"
VARIABLES = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "1h"}  # Grafana fills them in


class Dashboard:
    """`queries`: [(board: panel, expression)]. `variables`: [(board $name, metric, label)]."""

    def __init__(self, path):
        self.name = path.stem
        self.json = json.loads(path.read_text())
        self.queries, self.variables = [], []
        for panel in self.json["panels"]:
            if panel["type"] in ("row", "text"):
                continue
            where = f"{self.name}: {panel['title']}"
            if not panel.get("targets"):
                raise ValueError(f"{where} asks nothing")
            self.queries += [(where, target["expr"]) for target in panel["targets"]]
        for variable in self.json["templating"]["list"]:
            if variable["type"] == "query":
                metric, label = re.fullmatch(r"label_values\((\w+)(?:\{[^}]*\})?, (\w+)\)",
                                             variable["query"]).groups()
                self.variables.append((f"{self.name} ${variable['name']}", metric, label))


def load():
    return [Dashboard(path) for path in sorted(FOLDER.glob("*.json"))]


def plain(text):
    """Returns the expression with Grafana's own variables replaced. The variables of the board stay, within
    strings."""
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    return text
