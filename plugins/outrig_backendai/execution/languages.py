"""What running a piece of code or a file means in each language of images."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How a language's code is run; commands are shell text.

    `program` runs a file. `code` is put between it and a text to run, `None` where code must be in
    a file. `build` makes `./main` of all files given; such a language runs that.
    """

    name: str
    program: str
    suffix: str
    code: str | None = None
    build: str | None = None

    def of_code(self, text: str) -> str | None:
        """Return the command that runs a text as it is; `None` when that has to be in a file."""
        if self.code is None:
            return None
        return f"{self.program} {self.code} {shlex.quote(text)}"

    def of_file(self, path: str) -> str:
        """Return the command that runs a file, or what was built from it."""
        return "./main" if self.build else f"{self.program} {shlex.quote(path)}"

    def built(self, paths: Sequence[str]) -> str | None:
        """Return the command that builds files, `None` where nothing has to be built."""
        if self.build is None:
            return None
        sources = [path for path in paths if PurePosixPath(path).suffix == self.suffix]
        return f"{self.build} {shlex.join(sources or paths)}"


PYTHON = Language(name="python", program="python", suffix=".py", code="-c")
_SHELL = Language(name="shell", program="sh", suffix=".sh", code="-c")
_NODE = Language(name="nodejs", program="node", suffix=".js", code="-e")
_LUA = Language(name="lua", program="lua", suffix=".lua", code="-e")
_OCTAVE = Language(name="octave", program="octave", suffix=".m", code="--eval")
_CPP = Language(name="cpp", program="g++", suffix=".cpp", build="g++ -O2 -o main")
_BASH = Language(name="bash", program="bash", suffix=".sh", code="-c")
_BY_NAME = {
    "python": PYTHON,
    "bash": _BASH,
    "shell": _SHELL,
    "sh": _SHELL,
    "alpine": _SHELL,
    "node": _NODE,
    "nodejs": _NODE,
    "javascript": _NODE,
    "r": Language(name="r", program="Rscript", suffix=".R", code="-e"),
    "julia": Language(name="julia", program="julia", suffix=".jl", code="-e"),
    "ruby": Language(name="ruby", program="ruby", suffix=".rb", code="-e"),
    "perl": Language(name="perl", program="perl", suffix=".pl", code="-e"),
    "php": Language(name="php", program="php", suffix=".php", code="-r"),
    "lua": _LUA,
    "lua5": _LUA,
    "octave": _OCTAVE,
    "scheme": Language(name="scheme", program="guile", suffix=".scm", code="-c"),
    "haskell": Language(name="haskell", program="runghc", suffix=".hs"),
    "go": Language(name="go", program="go run", suffix=".go"),
    "golang": Language(name="go", program="go run", suffix=".go"),
    "java": Language(name="java", program="java", suffix=".java"),
    "rust": Language(name="rust", program="rustc", suffix=".rs", build="rustc -O -o main"),
    "c": Language(name="c", program="gcc", suffix=".c", build="gcc -O2 -o main"),
    "gcc": Language(name="c", program="gcc", suffix=".c", build="gcc -O2 -o main"),
    "cpp": _CPP,
    "c++": _CPP,
}


def language_of(image: str) -> Language:
    """Return the language of an image by its name; of unknown ones it is the shell's.

    `lablup/python-tensorflow:1.12-py36` is Python, `stable/ngc-pytorch` too.
    """
    repository = image.rpartition("/")[2].partition("@")[0].partition(":")[0].lower()
    if repository in _BY_NAME:
        return _BY_NAME[repository]
    for part in repository.split("-"):
        if part in _BY_NAME:
            return _BY_NAME[part]
    of_python = ("tensorflow", "pytorch", "torch", "jupyter", "keras", "ff", "conda", "rapids")
    return PYTHON if any(word in repository.split("-") for word in of_python) else _BASH


def main_file(language: Language, paths: Sequence[str]) -> str:
    """Return which of some files is to be run: `main.*`, else the first one."""
    mains = [path for path in paths if PurePosixPath(path).stem == "main"]
    own = [path for path in mains if PurePosixPath(path).suffix == language.suffix]
    return (own or mains or list(paths))[0]
