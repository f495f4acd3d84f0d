"""Measure the model that train.py left in results.json."""

from __future__ import annotations

import json
from pathlib import Path

from model import accuracy, load_points, loss, split
from tabulate import tabulate


def main() -> None:
    """Print loss and accuracy on the points that training did not see."""
    weights = json.loads(Path("results.json").read_text())["weights"]
    _, points = split(load_points(Path("points.csv")))
    rows = [
        ("points", len(points)),
        ("loss", f"{loss(weights, points):.4f}"),
        ("accuracy", f"{accuracy(weights, points):.4f}"),
    ]
    print(tabulate(rows))


main()
