"""cleo's view of our streams, for commands that use its progress bars, questions or tables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cleo.io.io import IO
from cleo.io.outputs.null_output import NullOutput
from cleo.io.outputs.output import Verbosity
from cleo.io.outputs.stream_output import StreamOutput

from outrig.cli.terminal import coloured, is_terminal

if TYPE_CHECKING:
    from typing import TextIO

    from cleo.io.outputs.output import Output

    from outrig.cli.input import Words

_VERBOSITIES = (
    Verbosity.NORMAL,
    Verbosity.VERBOSE,
    Verbosity.VERY_VERBOSE,
    Verbosity.DEBUG,
)


def cleo_io(words: Words, *, quiet: bool, verbosity: int) -> IO:
    """Return cleo's input and outputs on this process's streams."""
    level = Verbosity.QUIET if quiet else _VERBOSITIES[min(verbosity, 3)]
    output, errors = (_output(stream, level) for stream in (sys.stdout, sys.stderr))
    words.set_stream(sys.stdin)
    words.interactive(is_terminal(sys.stdin))
    return IO(words, output, errors)


def _output(stream: TextIO | None, verbosity: Verbosity) -> Output:
    if stream is None:  # it was closed before we were started
        return NullOutput()
    output = StreamOutput(stream, verbosity=verbosity)
    output.decorated(coloured(stream))
    return output
