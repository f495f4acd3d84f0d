"""`daft sql`"""

from __future__ import annotations

import tempfile
from pathlib import Path

from outrig.api import argument
from outrig_daft.clusters import wanted
from outrig_daft.commands.running_jobs import CLUSTER_NAME, NO_WAIT, RunsJob, Work
from outrig_daft.commands.words import CONFIG, KEY

_PROGRAM = """\
import sys
import daft

daft.sql(sys.argv[1]).show(int(sys.argv[2]))
"""
ROWS = 8


class DaftSql(RunsJob):
    """Run a query on a cluster and show its first rows."""

    summary = "Run a query on a cluster and show its first rows"
    details = (
        "The query runs as a job of Ray's, with Daft on all nodes; words are joined. Tables are "
        "read with Daft's own functions, such as read_parquet('s3://bucket/file')."
    )
    examples = (
        ("daft sql \"SELECT count(*) FROM read_parquet('s3://bucket/*.parquet')\"", "one number"),
    )
    arguments = (argument("query", "the query", repeat=True),)
    options = (CONFIG, CLUSTER_NAME, KEY, NO_WAIT)
    verbatim = True

    def handle(self) -> int:
        """Run it, and return its exit code."""
        which = wanted(self.text("cluster"), self.text("config"))
        query = " ".join(self.argument_words("query"))
        with tempfile.TemporaryDirectory(prefix="daft-sql-") as place:
            (Path(place) / "sql.py").write_text(_PROGRAM)
            words = ("python", "sql.py", query, str(ROWS))
            work = Work(words=words, directory=Path(place))
            return self.run_job(which, work, {"DAFT_RUNNER": "ray"})
