"""What else keeps or copies a directory: the programs snapshots are measured against.

Each is a set of shell scripts. `$R` is the program's own directory, `$T` the tree, `$O` where
something is restored to. A program that is not installed is left out, and the page says so.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A program: `cold` keeps the tree for the first time, `again` when it was kept before."""

    name: str
    program: str
    cold: str
    again: str = ""
    restore: str = ""
    delete: str = ""
    prune: str = ""
    before: str = ""
    """What comes before `cold` and is not measured."""
    version: str = "--version"
    note: str = ""

    @property
    def is_there(self) -> bool:
        """Whether it is installed."""
        return shutil.which(self.program) is not None

    def tell_version(self) -> str:
        """Return its name and version."""
        done = subprocess.run(
            [self.program, self.version], capture_output=True, text=True, check=False
        )
        line = done.stdout.partition("\n")[0].strip("* ")
        return line if self.program in line.lower() else f"{self.program} {line}"


_RESTIC = "export RESTIC_PASSWORD=x RESTIC_CACHE_DIR=$R.cache; "
_BORG = "export BORG_BASE_DIR=$R.base BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes; "
_GIT = (
    "export GIT_DIR=$R GIT_WORK_TREE=$T; git config core.excludesFile /dev/null; "
    "git config user.name x; git config user.email x@example.org; "
)

PEERS = (
    Peer(
        name="`tar` through `zstd -1`",
        program="zstd",
        cold="tar --exclude=.git -cf - -C $T . | zstd -1 -q -f -o $R.tar.zst",
        restore="mkdir -p $O && zstd -dc $R.tar.zst | tar -xf - -C $O",
    ),
    Peer(
        name="restic",
        program="restic",
        version="version",
        cold=_RESTIC + "rm -rf $R $R.cache; restic init -q -r $R && "
        "restic backup -q --exclude .git -r $R $T",
        again=_RESTIC + "restic backup -q --exclude .git -r $R $T",
        restore=_RESTIC + "restic restore -q latest -r $R --target $O",
        delete=_RESTIC + "restic forget -q -r $R latest",
        prune=_RESTIC + "restic prune -q -r $R",
        note="encrypts",
    ),
    Peer(
        name="borg",
        program="borg",
        cold=_BORG + "rm -rf $R $R.base; borg init -e none $R && cd $T && "
        "borg create -C zstd,1 --exclude .git $R::first .",
        again=_BORG + "cd $T && borg create -C zstd,1 --exclude .git $R::$(date +%s%N) .",
        restore=_BORG + "mkdir -p $O && cd $O && borg extract $R::first",
        delete=_BORG + "borg delete $R::$(borg list --last 1 --format '{archive}' $R)",
        prune=_BORG + "borg compact $R",
    ),
    Peer(
        name="git",
        program="git",
        cold="rm -rf $R; git init -q --bare $R; " + _GIT + "git add -A && git commit -qm x",
        again=_GIT + "git add -A && git commit -q --allow-empty -m x",
        restore=_GIT + "mkdir -p $O && git --work-tree=$O checkout -qf HEAD -- .",
        note="keeps no times, and not what its rules leave out",
    ),
    Peer(
        name="`rsync -a`",
        program="rsync",
        cold="rm -rf $R; rsync -a --exclude .git $T/ $R/",
        again="rsync -a --delete --exclude .git $T/ $R/",
        note="a plain copy",
    ),
    Peer(
        name="`cp -a`",
        program="cp",
        cold="rm -rf $R; mkdir $R && "
        "find $T -mindepth 1 -maxdepth 1 ! -name .git -exec cp -a -t $R {} +",
        restore="cp -a $R $O",
        note="a plain copy",
    ),
    Peer(
        name="DVC",
        program="dvc",
        before="rm -rf $R; mkdir $R && cp -a $T $R/data && cd $R && dvc init -q --no-scm",
        cold="cd $R && DVC_NO_ANALYTICS=1 dvc add -q data",
        again="cd $R && DVC_NO_ANALYTICS=1 dvc status -q",
        note="`dvc add` of a copy of the tree; `dvc status` where nothing changed",
    ),
)
