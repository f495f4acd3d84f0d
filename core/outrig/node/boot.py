"""The node program as one text, and the few lines that start it at the other end of a pipe."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from outrig.node.joining import joined

MODULES = (
    "place",
    "zstd",
    "wire",
    "proc",
    "record",
    "container",
    "cgroup",
    "limits",
    "apart",
    "metrics",
    "wake",
    "command",
    "usage",
    "shim",
    "pool",
    "slots",
    "batch",
    "dropped",
    "adopt",
    "lifetime",
    "live",
    "keeper",
    "runs",
    "call",
    "tree",
    "manifest",
    "kept",
    "parts",
    "apply",
    "stock",
    "linked",
    "sync",
    "files",
    "pipconf",
    "step",
    "image",
    "environment",
    "console",
    "piped",
    "namespaces",
    "checkup",
    "leftovers",
    "ending",
    "serve",
)
"""In the order in which they build on each other."""

MARKER = b"\0outrig-node "
"""What the node says first, so that anything a login script prints before is told apart."""

BOOTSTRAP = r"""
import sys,os
m=b"\0outrig-node "
def say(t): os.write(1,m+t.encode("ascii","replace")+b"\n")
if sys.version_info<(3,8): say("old %d.%d"%sys.version_info[:2]); sys.exit(3)
import marshal
digest,root=sys.argv[1:3]
home=os.environ.get("XDG_DATA_HOME","")
home=home if home[:1]=="/" else os.path.join(os.path.expanduser("~"),".local","share")
cache=(os.path.dirname(root) if root else os.path.join(home,"outrig","node-1"))+"/program"
path="%s/%s.%s"%(cache,digest,sys.implementation.cache_tag)
try:
    with open(path,"rb") as f: code=marshal.loads(f.read())
    say("have")
except (OSError,ValueError,EOFError,TypeError):
    say("need")
    size=int.from_bytes(os.read(0,4),"big"); text=b""
    while len(text)<size:
        part=os.read(0,size-len(text))
        if not part: sys.exit(3)
        text+=part
    code=compile(text,"outrig-node","exec",dont_inherit=True)
    try:
        os.makedirs(cache,0o700,exist_ok=True)
        aside="%s.%d"%(path,os.getpid())
        with open(aside,"wb") as f: f.write(marshal.dumps(code))
        os.rename(aside,path)
    except OSError: pass
names={"__name__":"outrig_node"}
exec(code,names)
names["run_serve"](root)
"""


@cache
def program_source() -> bytes:
    """Return the whole node program: its modules, joined without their imports of each other."""
    folder = Path(__file__).parent / "program"
    return joined(folder, "outrig.node.program", MODULES).encode()


@cache
def program_digest() -> str:
    """Return the digest under which nodes keep the program."""
    from blake3 import blake3  # not hashlib: it loads OpenSSL, which costs listings 4 MiB

    return blake3(program_source()).hexdigest()[:32]


def boot_arguments(root: str) -> tuple[str, ...]:
    """Return what follows the interpreter's name on the command line that starts the program."""
    return ("-IS", "-c", BOOTSTRAP.strip(), program_digest(), root)
