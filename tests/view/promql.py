"""Finds which labels a PromQL expression can have, and which metrics or labels in it do not exist.

The parser supports the part of PromQL that rules and dashboards use, and rejects everything else. promtool checks
the syntax.
"""
import re

TOKEN = re.compile(r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*") | (?P<range>\[[^\]]*\]) | (?P<duration>\d+(?:ms|[smhdwy])\b)
  | (?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?) | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
  | (?P<op>=~|!~|!=|==|>=|<=|[-+*/%^<>={}(),])
)""", re.VERBOSE)
AGGREGATIONS = {"sum", "min", "max", "avg", "count", "group", "topk", "bottomk", "count_values", "quantile"}
SCALARS = {"time", "vector", "scalar"}  # functions whose value has no labels
KEEP = {  # functions that keep the labels of their (last) vector
    "rate", "increase", "changes", "abs", "round", "ceil", "floor", "clamp_min", "clamp_max", "timestamp",
    "sort_desc", "sort", "delta", "deriv", "resets", "last_over_time", "max_over_time", "min_over_time",
    "avg_over_time", "sum_over_time", "count_over_time"}
LEVELS = (("or",), ("and", "unless"), ("==", "!=", ">", "<", ">=", "<="), ("+", "-"), ("*", "/", "%"), ("^",))


class Unknown(Exception):
    """The parser does not support the expression, or the expression uses a name that does not exist."""


def tokens(text):
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise Unknown(f"cannot read {text[at:at + 30]!r}")
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found + [("end", "")]


class Expression:
    """After construction: `labels`, the labels that it can have; `matchers`, [(metric, label, operator, value)]."""

    def __init__(self, text, families):
        """`families`: {series name: set of its labels}; "*" in the set allows any label."""
        self._families = families
        self._tokens = tokens(text)
        self._at = 0
        self.matchers = []
        self.metrics = set()
        self.labels = self._binary(0)
        self._expect("end")

    def _peek(self):
        return self._tokens[self._at]

    def _take(self, *values):
        """Takes the next token and returns its text if it is one of these; otherwise returns None."""
        kind, value = self._peek()
        if kind != "string" and value in values:
            self._at += 1
            return value
        return None

    def _expect(self, kind, value=None):
        found = self._peek()
        if found[0] != kind or (value is not None and found[1] != value):
            raise Unknown(f"{value or kind} expected, not {found[1]!r}")
        self._at += 1
        return found[1]

    def _names(self):
        self._expect("op", "(")
        names = []
        while not self._take(")"):
            names.append(self._expect("name"))
            self._take(",")
        return names

    def _check(self, names, labels, where):
        for name in names:
            if name not in labels and "*" not in labels:
                raise Unknown(f"no label {name!r} {where}, only {sorted(labels)}")

    def _binary(self, level):
        if level == len(LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while operator := self._take(*LEVELS[level]):
            self._take("bool")
            matching = self._take("on", "ignoring")
            names = self._names() if matching else []
            grouping = self._take("group_left", "group_right")
            extra = self._names() if grouping and self._peek() == ("op", "(") and self._label_list() else []
            right = self._binary(level + 1)
            self._check(names, left, f"left of {operator!r}")
            self._check(names, right, f"right of {operator!r}")
            self._check(extra, right if grouping == "group_left" else left, f"to group by at {operator!r}")
            left = self._result(operator, matching, names, grouping, extra, left, right)
        return left

    def _label_list(self):
        """Returns whether the next parenthesis contains labels, not an expression."""
        at = self._at + 1
        while self._tokens[at][0] == "name" or self._tokens[at][1] == ",":
            at += 1
        return self._tokens[at][1] == ")" and self._tokens[at + 1][1] not in ("", "[", ")")

    @staticmethod
    def _result(operator, matching, names, grouping, extra, left, right):
        if operator == "or":
            return left | right
        if operator in ("and", "unless"):
            return left
        if grouping == "group_right":
            return right | set(extra)
        if grouping == "group_left":
            return left | set(extra)
        if not left or not right:  # a number and a vector
            return left | right
        if matching == "on":
            return set(names)
        return left & right if "*" not in left | right else left | right

    def _unary(self):
        if self._take("-"):
            return self._unary()
        labels = self._primary()
        while True:
            if self._peek()[0] == "range":
                self._at += 1
            elif self._take("offset"):
                self._expect("duration")
            else:
                return labels

    def _primary(self):
        kind, value = self._peek()
        self._at += 1
        if kind == "number":
            return set()
        if value == "(" and kind == "op":
            labels = self._binary(0)
            self._expect("op", ")")
            return labels
        if value == "{":
            raise Unknown("a selector without a name")
        if kind != "name":
            raise Unknown(f"unexpected {value!r}")
        if value in AGGREGATIONS:
            return self._aggregation(value)
        if self._peek() == ("op", "("):
            return self._function(value)
        return self._selector(value)

    def _aggregation(self, name):
        how = self._take("by", "without")
        names = self._names() if how else []
        labels = self._arguments()[-1]
        if not how:
            how = self._take("by", "without")
            names = self._names() if how else []
        self._check(names, labels, f"in {name} {how}")
        if name in ("topk", "bottomk"):  # these select series and keep their labels
            return labels
        if how == "by":
            return set(names)
        if how == "without":
            return labels - set(names)
        return set()

    def _arguments(self):
        self._expect("op", "(")
        found = []
        while not self._take(")"):
            if self._peek()[0] == "string":
                self._at += 1
            else:
                found.append(self._binary(0))
            self._take(",")
        return found

    def _function(self, name):
        arguments = self._arguments()
        if name in SCALARS:
            return set()
        if name == "absent":
            return set()
        if name == "histogram_quantile":
            self._check(["le"], arguments[-1], "in histogram_quantile")
            return arguments[-1] - {"le"}
        if name not in KEEP:
            raise Unknown(f"function {name!r} is not known here")
        return arguments[-1] if arguments[-1] or len(arguments) == 1 else arguments[0]

    def _selector(self, name):
        if name not in self._families:
            raise Unknown(f"no metric {name!r}")
        labels = self._families[name]
        self.metrics.add(name)
        if self._take("{"):
            while not self._take("}"):
                label = self._expect("name")
                operator = self._take("=", "!=", "=~", "!~")
                self._check([label], labels, f"of {name}")
                value = self._expect("string")[1:-1]
                self.matchers.append((name, label, operator, value))
                self._take(",")
        return set(labels)
