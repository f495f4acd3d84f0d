"""A node program that greets as it should, and answers every call with its argument."""

from __future__ import annotations

import sys

from outrig.node.boot import MARKER
from outrig.node.program.wire import REPLY, FrameWriter, read_frame

sys.stdout.buffer.write(MARKER + b"have\n")
writer = FrameWriter(sys.stdout.buffer)
writer.send(REPLY, 0, {"root": "/", "python": "3.8.0", "pid": 1})
while frame := read_frame(sys.stdin.buffer):
    writer.write(REPLY, frame.request, sys.argv[1].encode())
