"""Runs in containers, by docker or podman; the work directory is mounted at its own path."""

from __future__ import annotations

import os

from outrig.node.program.place import find_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.record import Spec

ENGINES = ("docker", "podman")
ENGINE_S = 60.0
ANY_SHELL = 'if command -v bash >/dev/null; then exec bash -c "$0"; else exec sh -c "$0"; fi'


class Container:
    """An image and the engine that runs it; `name` tells one container from the others."""

    __slots__ = ("engine", "image", "name")

    def __init__(self, engine: str, image: str, name: str) -> None:
        self.engine = engine
        self.image = image
        self.name = "outrig-" + name

    def words(self, work: str, directory: str, names: list[str], options: list[str]) -> list[str]:
        """Return the command line up to the image; `names` are the variables to pass on."""
        words = [self.engine, "run", "--name", self.name, "--network", "host"]
        words += ["--security-opt", "label=disable", "--workdir", directory]
        words += ["--mount", "type=bind,source=%s,target=%s" % (work, work)]
        if self.is_docker():
            words.append("--init")  # so that TERM reaches the command; podman's may be missing
            if os.getuid():
                words += ["--user", "%d:%d" % (os.getuid(), os.getgid())]
        for one in names:
            words += ["--env", one]
        return [*words, *options, "--entrypoint"]

    def script(self, work: str, script: str, names: list[str], options: list[str]) -> list[str]:
        """Return the command line that runs a script in the work directory."""
        return [*self.words(work, work, names, options), "sh", self.image, "-c", ANY_SHELL, script]

    def is_docker(self) -> bool:
        return os.path.basename(self.engine) == "docker"

    def was_out_of_memory(self) -> bool:
        """Whether the engine saw the container killed for its memory."""
        asked = ask_engine(self.engine, "inspect", "--format", "{{.State.OOMKilled}}", self.name)
        return asked[0] == 0 and asked[1] == "true"

    def remove(self) -> None:
        """End the container, if it runs, and remove it."""
        ask_engine(self.engine, "rm", "--force", self.name)


def container_of(spec: Spec) -> Container | None:
    """Return the container that a run is in, `None` if it is in none."""
    return Container(spec.engine, spec.image, spec.run) if spec.engine else None


def run_words(container: Container, spec: Spec, work: str) -> list[str]:
    """Return the command line of a run, with its limits."""
    names = [*spec.variables, "OUTRIG_SESSION", "OUTRIG_RUN", "PYTHONUNBUFFERED"]
    options = []
    if spec.memory_mib:
        size = "%dm" % spec.memory_mib
        options += ["--memory", size, "--memory-swap", size]
    if spec.cpu:
        options += ["--cpus", "%g" % spec.cpu]
    if spec.devices:
        devices = ",".join(str(index) for index in spec.devices)
        options += ["--gpus", '"device=%s"' % devices]
    directory = os.path.join(work, spec.directory)
    words = container.words(work, os.path.normpath(directory), names, options)
    return [*words, "sh", container.image, "-c", ANY_SHELL, spec.script]


def ask_engine(engine: str, *words: str) -> tuple[int, str]:
    """Run a short command of the engine; return exit code and what it printed."""
    import subprocess

    try:
        asked = subprocess.run(
            [engine, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=ENGINE_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return 125, str(error)
    return asked.returncode, asked.stdout.decode("utf-8", "replace").strip()


def find_engine() -> tuple[str, str]:
    """Return the engine that works, or else why none does."""
    reason = "there is neither docker nor podman"
    for name in ENGINES:
        engine = find_program(name)
        if engine is None:
            continue
        code, said = ask_engine(engine, "info")
        if code == 0:
            return engine, ""
        reason = "%s: %s" % (name, (said.splitlines() or ["it does not answer"])[-1][:200])
    return "", reason
