from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from outrig.testing.consoles import Example, check_page, fits, parts

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """
Text, and a block that nobody runs:

```sh
rm -rf everything
```

<!-- in toy -->
```console
$ ls
a.txt
$ mkdir sub && cd sub
$ echo one; echo two >&2; echo three
one
...
$ (exit 3)  # exits with 3
```

1. A list item

   ```console
   $ basename "$PWD"
   sub
   $ echo a \\
   >   b
   a b
   ```

   <!-- file deep/say.sh -->

   ```sh
   for word in one two; do
     echo "$word"
   done
   ```

```console
$ sh deep/say.sh
one
two
```
"""


def test_a_page_that_tells_the_truth(tmp_path: Path) -> None:
    (tmp_path / "sources/toy").mkdir(parents=True)
    (tmp_path / "sources/toy/a.txt").touch()
    (tmp_path / "work").mkdir()
    assert check_page(PAGE, tmp_path / "work", tmp_path / "sources") == []
    lines = [part.line for part in parts(PAGE) if isinstance(part, Example)]
    assert lines == [10, 12, 13, 16, 22, 24, 38]


def test_a_page_that_lies_is_told_where(tmp_path: Path) -> None:
    (wrong,) = check_page("```console\n$ echo 1\n2\n$ true\n```\n", tmp_path, tmp_path)
    assert wrong == "line 2: $ echo 1\nexpected (exit code 0):\n2\nprinted (exit code 0):\n1\n"
    (wrong,) = check_page("```console\n$ exit 4\n```\n", tmp_path, tmp_path)
    assert "printed (exit code 4)" in wrong


@pytest.mark.parametrize(
    ("expected", "printed", "fit"),
    [
        ("", "", True),
        ("", "more\n", False),
        ("a ... c\n", "a b b c\n", True),
        ("a ... c\n", "a b\nb c\n", False),
        ("...\n", "", True),
        ("a\n...\nz\n", "a\nb\nc\nz\n", True),
        ("a\n...\nz\n", "a\nb\nc\n", False),
        ("a.c\n", "abc\n", False),
        ("last\n", "last", True),
    ],
)
def test_dots_stand_for_anything(expected: str, printed: str, fit: bool) -> None:
    assert fits(expected, printed) is fit
