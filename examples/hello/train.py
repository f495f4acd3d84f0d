"""Fit the model and write results.json."""

from __future__ import annotations

import argparse
import json
import math
import random
from pathlib import Path

from model import Weights, accuracy, gradient, load_points, loss, split
from tabulate import tabulate


class Descent:
    """Gradient descent: plain, with momentum, or Adam (https://arxiv.org/abs/1412.6980)."""

    def __init__(self, kind: str, rate: float, size: int) -> None:
        self.kind, self.rate, self.time = kind, rate, 0
        self.first, self.second = [0.0] * size, [0.0] * size

    def step(self, weights: Weights, slopes: Weights) -> Weights:
        """Return the weights after one step against the slopes."""
        self.time += 1
        return [
            weight - self.rate * self._direction(index, slope)
            for index, (weight, slope) in enumerate(zip(weights, slopes, strict=True))
        ]

    def _direction(self, index: int, slope: float) -> float:
        if self.kind == "sgd":
            return slope
        self.first[index] = 0.9 * self.first[index] + 0.1 * slope
        if self.kind == "momentum":
            return self.first[index]
        self.second[index] = 0.999 * self.second[index] + 0.001 * slope * slope
        mean = self.first[index] / (1 - 0.9**self.time)
        spread = self.second[index] / (1 - 0.999**self.time)
        return mean / (math.sqrt(spread) + 1e-8)


def main() -> None:
    """Train, print the loss ten times on the way, and keep what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--optimizer", choices=("sgd", "momentum", "adam"), required=True)
    options = parser.parse_args()

    train, _ = split(load_points(Path("points.csv")))
    chance = random.Random(options.seed)
    weights = [chance.gauss(0, 0.1) for _ in range(3)]
    descent = Descent(options.optimizer, options.lr, len(weights))
    for step in range(1, options.steps + 1):
        weights = descent.step(weights, gradient(weights, train))
        if step % max(1, options.steps // 10) == 0:
            print(f"step {step}/{options.steps} loss {loss(weights, train):.4f}", flush=True)

    results = {
        **vars(options),
        "loss": round(loss(weights, train), 6),
        "accuracy": round(accuracy(weights, train), 4),
        "weights": [round(weight, 6) for weight in weights],
    }
    Path("results.json").write_text(json.dumps(results, indent=2) + "\n")
    print(tabulate([(name, results[name]) for name in ("optimizer", "lr", "loss", "accuracy")]))


main()
