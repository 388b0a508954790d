"""The table of rows: which operators a function draws cases of."""

ROWS = {}


class Case:
    """An expression, what it should give, and how exactly.

    `rtol` is relative to each value (by default by dtype), `atol` relative to the greatest one; `labels` says whether labels are compared,
    `order` whether dims must come in the order of the expected array. `ignore` is a mask of elements that are not compared.
    """

    def __init__(self, text, expected, rtol=None, atol=0.0, labels=True, ignore=None, order=True):
        self.text, self.expected, self.rtol, self.atol = text, expected, rtol, atol
        self.labels, self.ignore, self.order = labels, ignore, order


def row(names):
    """Enters a function of a draw and an operator's name for several operators."""

    def enter(function):
        for name in names.split() if isinstance(names, str) else names:
            ROWS.setdefault(name, []).append(function)
        return function

    return enter
