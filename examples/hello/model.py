"""A logistic regression on points of a plane, in plain Python."""

from __future__ import annotations

import csv
import math
from pathlib import Path

Weights = list[float]
Point = tuple[list[float], int]


def load_points(path: Path) -> list[Point]:
    """Read `x,y,label` rows; a constant 1 is added to each point for the bias."""
    with path.open(newline="") as file:
        return [([1.0, float(x), float(y)], int(label)) for x, y, label in csv.reader(file)]


def split(points: list[Point]) -> tuple[list[Point], list[Point]]:
    """Return the first 80 % for training and the rest for testing."""
    border = len(points) * 4 // 5
    return points[:border], points[border:]


def probability(weights: Weights, features: list[float]) -> float:
    """Return how likely a point is of class 1."""
    score = sum(weight * feature for weight, feature in zip(weights, features, strict=True))
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))


def loss(weights: Weights, points: list[Point]) -> float:
    """Return the mean cross-entropy."""
    total = 0.0
    for features, label in points:
        likely = probability(weights, features)
        total -= math.log(max(1e-12, likely if label else 1 - likely))
    return total / len(points)


def gradient(weights: Weights, points: list[Point]) -> Weights:
    """Return the gradient of the loss."""
    slopes = [0.0] * len(weights)
    for features, label in points:
        error = probability(weights, features) - label
        for index, feature in enumerate(features):
            slopes[index] += error * feature / len(points)
    return slopes


def accuracy(weights: Weights, points: list[Point]) -> float:
    """Return the share of points that are put into their class."""
    right = sum((probability(weights, features) > 0.5) == bool(label) for features, label in points)
    return right / len(points)
