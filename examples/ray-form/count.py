"""Count words with several processes and print the most frequent."""

from __future__ import annotations

import argparse
from collections import Counter
from multiprocessing import Pool
from pathlib import Path


def count(lines: list[str]) -> Counter[str]:
    """Count the words of some lines."""
    return Counter(word.strip(".,").lower() for line in lines for word in line.split())


def main() -> None:
    """Share the lines out, add the counts up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mappers", type=int, required=True)
    parser.add_argument("--top", type=int, required=True)
    options = parser.parse_args()
    lines = Path("words.txt").read_text().splitlines()
    with Pool(options.mappers) as pool:
        shares = [lines[start :: options.mappers] for start in range(options.mappers)]
        total = sum(pool.map(count, shares), Counter[str]())
    for word, number in sorted(total.items(), key=lambda item: (-item[1], item[0]))[: options.top]:
        print(word, number)


if __name__ == "__main__":
    main()
