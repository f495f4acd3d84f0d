"""`ray job submit`"""

from __future__ import annotations

import shlex
from dataclasses import replace
from functools import partial

from outrig.api import Command, argument, option
from outrig_ray.jobs.address import amounts, json_object
from outrig_ray.jobs.following import follow_job
from outrig_ray.jobs.job import NewJob
from outrig_ray.jobs.reaching import cluster_named, in_place, place_directory
from outrig_ray.jobs.runtime_env import read_runtime_env, uploaded
from outrig_ray.jobs.words import CLUSTER_OPTIONS, jobs_of


class RayJobSubmit(Command):
    """Run a command as a job on a running Ray cluster."""

    summary = "Run a command as a job on a running Ray cluster"
    details = (
        "Ray queues the job and places it; what it prints comes here until it ends, also over "
        "connections that break. The exit code is the job's own; 125 is a failure of Outrig's, or "
        "of Ray's before the command began. Ctrl-C leaves the job running, a second one within 2 s "
        "stops it. A command that is one word is shell text. The working directory goes without "
        "what .gitignore, .outrigignore and .rayignore leave out, and only when the cluster does "
        "not have it just so."
    )
    examples = (
        ("ray job submit --working-dir . -- python train.py --lr 0.1", "follow it to its end"),
        ("ray job submit --no-wait --entrypoint-num-gpus 1 -- python train.py", "print its id"),
        (
            "ray job submit --address http://ray.example:8265 --no-wait -- python a.py",
            "elsewhere",
        ),
    )
    arguments = (argument("entrypoint", "the command and its arguments", repeat=True),)
    options = (
        *CLUSTER_OPTIONS,
        option("submission-id", None, "what the job is to be called", value="ID"),
        option("job-id", None, "the same (old)", value="ID"),
        option("working-dir", None, "a directory, or a URI that Ray can read", value="DIR"),
        option("runtime-env", None, "a YAML file with the environment", value="FILE"),
        option("runtime-env-json", None, "the environment as JSON", value="JSON"),
        option("metadata-json", None, "texts to keep with the job, as JSON", value="JSON"),
        option("entrypoint-num-cpus", None, "CPUs to set aside", value="N", type=float),
        option("entrypoint-num-gpus", None, "GPUs to set aside", value="N", type=float),
        option("entrypoint-memory", None, "bytes of memory to set aside", value="BYTES", type=int),
        option("entrypoint-resources", None, "the cluster's own resources, JSON", value="JSON"),
        option("entrypoint-label-selector", None, "labels of the node, JSON", value="JSON"),
        option("no-wait", None, "print the job's id and return at once"),
    )
    runs_commands = True
    verbatim = True

    def handle(self) -> int:
        """Submit it; follow it unless told not to."""
        new = self._new_job()
        environment = read_runtime_env(
            self.text("runtime-env"), self.text("runtime-env-json"), self.text("working-dir")
        )
        jobs = jobs_of(self)
        cluster = cluster_named(self.outrig, self.text("address"))
        otherwise = None if cluster is None else partial(place_directory, self.outrig, cluster)
        environment = uploaded(self.outrig, jobs, environment, self.note, otherwise)
        job_id = jobs.submit(in_place(replace(new, runtime_env=environment)))
        if self.flag("no-wait"):
            self.line(job_id)
            self.note(f"see what it prints: outrig ray job logs -f {job_id}")
            return 0
        self.note(f"job {job_id} submitted")
        return follow_job(self, jobs, job_id, anew=lambda: jobs_of(self))

    def _new_job(self) -> NewJob:
        words = self.argument_words("entrypoint")
        labels = self._json("entrypoint-label-selector")
        return NewJob(
            entrypoint=words[0] if len(words) == 1 else shlex.join(words),
            id=self.text("submission-id") or self.text("job-id"),
            metadata={name: str(one) for name, one in self._json("metadata-json").items()},
            cpus=self.value("entrypoint-num-cpus", float),
            gpus=self.value("entrypoint-num-gpus", float),
            memory_bytes=self.value("entrypoint-memory", int),
            resources=amounts("entrypoint-resources", self._json("entrypoint-resources")),
            label_selector={name: str(one) for name, one in labels.items()},
        )

    def _json(self, name: str) -> dict[str, object]:
        return json_object(name, self.text(name))
