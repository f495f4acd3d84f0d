"""The call `prepare`: an environment is made once per digest, and used by all sessions."""

from __future__ import annotations

import binascii
import json
import os
import sys

from outrig.node.program.call import SessionLock
from outrig.node.program.container import Container
from outrig.node.program.image import ImageMaker, working_engine
from outrig.node.program.lifetime import touch
from outrig.node.program.pipconf import uv_variables
from outrig.node.program.place import (
    Refused,
    checked_name,
    exists,
    find_program,
    read_whole,
    remove_tree,
    write_file,
    write_whole,
)
from outrig.node.program.record import read_fields
from outrig.node.program.runs import base_environ, existing_session, shell
from outrig.node.program.step import Step
from outrig.node.program.tree import checked_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from outrig.node.program.call import Call
    from outrig.node.program.place import Root

ENGINE, IMAGE = "outrig-engine", "outrig-image"
"""Names in an environment's `ready` file that are not variables."""

CONDA_TOOLS = ("micromamba", "mamba", "conda")


class Wanted:
    """What an environment is made of."""

    def __init__(self, fields: dict[str, object]) -> None:
        self.requirements = optional_text(fields.get("requirements"))
        self.conda = optional_text(fields.get("conda"))
        self.dockerfile = optional_text(fields.get("dockerfile"))
        self.image = optional_text(fields.get("image"))
        steps = fields.get("shell")
        self.shell = [str(one) for one in steps] if isinstance(steps, list) else []
        files = fields.get("files")
        self.files = dict(files) if isinstance(files, dict) else {}

    def shared(self) -> bool:
        """Whether there is anything that sessions have in common."""
        return bool(self.requirements or self.conda or self.image or self.dockerfile)

    def in_image(self) -> bool:
        """Whether commands run in a container."""
        return bool(self.image or self.dockerfile)


def optional_text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def handle_prepare(root: Root, call: Call) -> dict[str, object]:
    session = existing_session(root, call.text("session"))
    digest = checked_name("environment", call.text("digest"))
    wanted = Wanted(call.fields)
    check_tools(wanted)
    write_whole(
        root.session(session) + "/environment", json.dumps({"digest": digest}).encode("ascii")
    )
    made = False
    if wanted.shared() and not is_ready(root, digest):
        made = make_shared(root, call, session, digest, wanted)
    if wanted.shell:
        made = run_shell_steps(root, call, session, digest, wanted.shell) or made
    touch(root, session)
    return {"made": made}


def handle_can_prepare(_root: Root, call: Call) -> dict[str, object]:
    check_tools(Wanted(call.fields))
    return {}


def check_tools(wanted: Wanted) -> None:
    """Raise `Refused` for what this node cannot make, before anything is made."""
    if wanted.conda and find_tool(CONDA_TOOLS) is None:
        raise Refused(
            "environment.conda needs micromamba, mamba or conda, and the node has none of them",
            hint="install micromamba there, or use environment.requirements",
        )
    if wanted.in_image():
        if wanted.conda:
            raise Refused("environment.conda and an image do not go together", "usage")
        working_engine("image" if wanted.image else "dockerfile")


def find_tool(names: tuple[str, ...]) -> str | None:
    return next((path for path in map(find_program, names) if path), None)


def is_ready(root: Root, digest: str) -> bool:
    return exists(root.environment(digest) + "/ready")


def make_shared(root: Root, call: Call, session: str, digest: str, wanted: Wanted) -> bool:
    """Make what all sessions share; of several at once one makes it and the others wait."""
    path = root.environment(digest)
    with SessionLock(path + ".lock", call) as lock:
        if is_ready(root, digest):
            return False
        remove_tree(path)  # half-made by one that was cut short
        os.makedirs(path, mode=0o700)
        files = write_sources(path + "/source", wanted.files)
        step = Step(call, path + "/log", base_environ(session, {}), (lock.fd,))
        if wanted.in_image():
            variables = make_image(step, digest, wanted, files, root.work(session))
            write_whole(root.session(session) + "/prepared", digest.encode("ascii"))
        else:
            variables = make_packages(step, path, wanted, files, root.work(session))
        write_whole(path + "/ready", json.dumps(variables).encode("ascii"))
    return True


def make_packages(
    step: Step, path: str, wanted: Wanted, files: dict[str, str], work: str
) -> dict[str, str]:
    """Make the conda environment, and the venv on top of it; return what puts them to use."""
    variables: dict[str, str] = {}
    if wanted.conda:
        variables = make_conda(step, path, files[wanted.conda], work)
    if wanted.requirements:
        step.environ = with_variables(step.environ, variables)
        made = make_venv(step, path, files[wanted.requirements], work)
        variables = joined(variables, made)
    return variables


def make_image(
    step: Step, digest: str, wanted: Wanted, files: dict[str, str], work: str
) -> dict[str, str]:
    """Make the image, with requirements and shell steps in it; return engine and image."""
    maker = ImageMaker(step, working_engine("image"), digest, work)
    if wanted.dockerfile:
        maker.build(files[wanted.dockerfile])
    else:
        maker.pull(wanted.image or "")
    if wanted.requirements:
        words = "python3 -m pip install --requirement " + quoted(wanted.requirements)
        maker.add("pip install -r " + wanted.requirements, words)
    for text in wanted.shell:
        maker.add(text.strip().splitlines()[0][:80], text)
    return {ENGINE: maker.engine, IMAGE: maker.image}


def quoted(text: str) -> str:
    """Quote a word for the shell."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


def write_sources(directory: str, files: dict[str, object]) -> dict[str, str]:
    """Write the files that the environment is made of; return where each one is."""
    places = {}
    for name, content in files.items():
        place = directory + "/" + os.fsdecode(checked_path(os.path.normpath(name)))
        os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
        write_file(place, binascii.a2b_base64(str(content)), os.O_TRUNC)
        places[name] = place
    return places


def make_venv(step: Step, path: str, requirements: str, work: str) -> dict[str, str]:
    """Make a venv with what a requirements file asks for."""
    venv, uv = path + "/venv", find_program("uv", step.environ.get("PATH"))
    python = venv + "/bin/python"
    name = os.path.basename(requirements)
    base = sys.executable
    if "CONDA_PREFIX" in step.environ:
        base = step.environ["CONDA_PREFIX"] + "/bin/python"
    if uv:
        step.environ = dict(step.environ, **uv_variables(step.environ))
        step.run("uv venv", [uv, "venv", "--quiet", "--seed", "--python", base, venv], work)
        install = [uv, "pip", "install", "--python", python, "-r", requirements]
        step.run("uv pip install -r " + name, install, work)
    else:
        make_pip_venv(step, base, venv, work)
        install = [
            python,
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "-r",
            requirements,
        ]
        step.run("pip install -r " + name, install, work)
    return {"PATH": venv + "/bin", "VIRTUAL_ENV": venv}


def make_pip_venv(step: Step, base: str, venv: str, work: str) -> None:
    """Make a venv with pip in it; `ensurepip` does the same in twice the time."""
    wheels = bundled_pip()
    if not wheels:
        step.run("python -m venv", [base, "-m", "venv", venv], work)
        return
    step.run("python -m venv", [base, "-m", "venv", "--without-pip", venv], work)
    options = ["--quiet", "--no-index", "--no-compile", "--no-deps", "--disable-pip-version-check"]
    pip = [venv + "/bin/python", wheels[-1] + "/pip", "install", *options, wheels[-1]]
    step.run("install pip", pip, work)


def bundled_pip() -> list[str]:
    """Return the wheels of pip that come with this Python."""
    directory = os.path.join(os.path.dirname(os.__file__), "ensurepip", "_bundled")
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return []
    return [os.path.join(directory, name) for name in names if name.startswith("pip-")]


def make_conda(step: Step, path: str, file: str, work: str) -> dict[str, str]:
    """Make a conda environment of its file."""
    tool = find_tool(CONDA_TOOLS) or CONDA_TOOLS[0]
    words = ["create"] if os.path.basename(tool) == "micromamba" else ["env", "create"]
    prefix = path + "/conda"
    argv = [tool, *words, "--yes", "--prefix", prefix, "--file", file]
    step.run("%s %s" % (os.path.basename(tool), " ".join(words)), argv, work)
    return {"PATH": prefix + "/bin", "CONDA_PREFIX": prefix}


def run_shell_steps(root: Root, call: Call, session: str, digest: str, steps: list[str]) -> bool:
    """Run the shell steps in the session's work directory, once per digest."""
    directory, work = root.session(session), root.work(session)
    with SessionLock(directory + "/prepare.lock", call) as lock:
        if read_whole(directory + "/prepared") == digest.encode("ascii"):
            return False
        environ = base_environ(session, environment_variables(root, digest))
        step = Step(call, directory + "/setup.log", environ, (lock.fd,))
        container = environment_container(root, digest, session + "-setup")
        for text in steps:
            argv = container.script(work, text, [], ["--rm"]) if container else [*shell(), text]
            step.run(text.strip().splitlines()[0][:80], argv, work)
        write_whole(directory + "/prepared", digest.encode("ascii"))
    return True


def environment_container(root: Root, digest: str | None, name: str) -> Container | None:
    """Return the container that an environment's commands run in, `None` if in none."""
    if not digest:
        return None
    fields = read_fields(root.environment(checked_name("environment", digest)) + "/ready") or {}
    if ENGINE not in fields:
        return None
    return Container(str(fields[ENGINE]), str(fields[IMAGE]), name)


def environment_variables(root: Root, digest: str | None) -> dict[str, str]:
    """Return the variables that put an environment to use."""
    if not digest:
        return {}
    fields = read_fields(root.environment(checked_name("environment", digest)) + "/ready") or {}
    own = (ENGINE, IMAGE)
    variables = {name: str(value) for name, value in fields.items() if name not in own}
    if variables:
        return with_variables({"PATH": os.environ.get("PATH", os.defpath)}, variables)
    return {}


def with_variables(environ: dict[str, str], variables: dict[str, str]) -> dict[str, str]:
    """Put variables on top of others; `PATH` goes in front."""
    merged = dict(environ, **variables)
    if "PATH" in variables:
        merged["PATH"] = variables["PATH"] + os.pathsep + environ.get("PATH", os.defpath)
    return merged


def joined(first: dict[str, str], then: dict[str, str]) -> dict[str, str]:
    return with_variables(first, then) if "PATH" in first else dict(first, **then)
