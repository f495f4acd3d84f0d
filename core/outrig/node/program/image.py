"""Images: pulled, or built from a Dockerfile, and then added to by set-up steps."""

from __future__ import annotations

from outrig.node.program.container import Container, ask_engine, find_engine
from outrig.node.program.place import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.step import Step


def working_engine(key: str) -> str:
    """Return the container engine; raises `Refused` before anything is made."""
    engine, reason = find_engine()
    if engine:
        return engine
    raise Refused(
        "environment.%s needs a container engine, and the node has none that works: %s"
        % (key, reason),
        hint="use environment.requirements, or a node with docker or podman",
    )


class ImageMaker:
    """Makes the image of one environment."""

    def __init__(self, step: Step, engine: str, digest: str, work: str) -> None:
        self.step = step
        self.engine = engine
        self.own_name = "outrig-" + digest
        self.work = work
        self.image = ""

    def pull(self, image: str) -> None:
        """Take an image that is there, else pull it."""
        if ask_engine(self.engine, "image", "inspect", image)[0]:
            self.step.run("pull " + image, [self.engine, "pull", "--quiet", image], self.work)
        self.image = image

    def build(self, dockerfile: str) -> None:
        """Build an image; the work directory is the context."""
        argv = [self.engine, "build", "--tag", self.own_name, "--file", dockerfile, self.work]
        self.step.run("build the image", argv, self.work)
        self.image = self.own_name

    def add(self, label: str, script: str) -> None:
        """Run a script in the image, and keep what it changed there."""
        container = Container(self.engine, self.image, self.own_name[7:] + "-make")
        container.remove()
        try:
            self.step.run(label, container.script(self.work, script, [], []), self.work)
            commit = [self.engine, "commit", "--quiet", container.name, self.own_name]
            self.step.run("keep " + label, commit, self.work)
        finally:
            container.remove()
        self.image = self.own_name
