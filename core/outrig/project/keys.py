"""Every key of a project file, declared once."""

from __future__ import annotations

from outrig.project.schema import (
    AnyKind,
    ChoiceKind,
    EitherKind,
    FlagKind,
    Key,
    ListKind,
    MapKind,
    TextKind,
    WholeKind,
)

TEXT = TextKind()
PROSE = TextKind(may_be_empty=True)
FILE = TextKind(says="a file's path")
VALUE = TextKind(says="a single value", may_be_empty=True, numbers_too=True)
PARAMETER_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"

PARAMETER = MapKind(
    title="A parameter",
    says="a parameter (a mapping with name)",
    keys=(
        Key(
            name="name",
            required=True,
            help="Becomes the option `--name` and replaces `{{name}}`.",
            kind=TextKind(
                says="a name of letters, digits, `_`, `-` and `.`", pattern=PARAMETER_NAME
            ),
        ),
        Key(name="help", kind=PROSE, help="Shown by `--help`."),
        Key(
            name="type",
            kind=ChoiceKind(words=("str", "int", "float")),
            default="str",
            help="What a value must be. Values are compared with choices after conversion.",
        ),
        Key(
            name="choices",
            kind=ListKind(item=VALUE, says="a list of values"),
            help='The values allowed. With choices, `"*"` means all of them, a session each.',
        ),
        Key(
            name="default",
            kind=VALUE,
            help="Used when no value is given. Without a default a value must be given.",
        ),
    ),
)

PARAMETERS = ListKind(item=PARAMETER, says="a list of parameters")

CLUSTER = MapKind(
    title="A cluster",
    says="a mapping with config",
    keys=(
        Key(
            name="config",
            required=True,
            kind=FILE,
            help="The cluster file: a Ray cluster YAML, relative to the project's root.",
        ),
        Key(
            name="params",
            kind=PARAMETERS,
            help="Replace `{{name}}` in the cluster file, from `--cluster-param name=value`.",
        ),
    ),
)

CLUSTER_OR_FILE = EitherKind(kinds=(FILE, CLUSTER))

CONFIG = MapKind(
    title="How a command is run",
    keys=(
        Key(name="tmux", kind=FlagKind(), default="false", help="Run in a tmux window."),
        Key(
            name="port_forward",
            kind=WholeKind(minimum=1, maximum=65535),
            help="Forward this port of the node to the same port here while the command runs.",
        ),
        Key(name="run_env", kind=TEXT, default="auto", help="Where it runs: auto, host, docker."),
    ),
)

COMMAND = MapKind(
    title="A command",
    says="a command (a mapping with name and command)",
    keys=(
        Key(name="name", required=True, kind=TEXT, help="What `session start NAME` calls it."),
        Key(
            name="command",
            required=True,
            kind=TEXT,
            help="Shell text. `{{parameter}}` is replaced by the value, quoted for the shell; "
            "`{{parameter|raw}}` by the bare value. `\\{{` is a literal `{{`.",
        ),
        Key(name="help", kind=PROSE, help="Shown by `project commands`."),
        Key(name="params", kind=PARAMETERS, help="The command's parameters."),
        Key(name="config", kind=CONFIG, help="How the command is run."),
        Key(
            name="cluster",
            kind=CLUSTER_OR_FILE,
            help="Overrides the project's cluster for this command.",
        ),
        Key(
            name="background",
            kind=FlagKind(),
            outrig_only=True,
            default="false",
            help="Leave the command's child processes running when it ends.",
        ),
    ),
)

ENVIRONMENT = MapKind(
    title="The environment",
    keys=(
        Key(name="requirements", kind=FILE, help="A pip requirements file."),
        Key(name="conda", kind=FILE, help="A conda environment file."),
        Key(name="dockerfile", kind=FILE, help="A Dockerfile to build. Excludes an image."),
        Key(name="dockerimage", kind=TEXT, help="A container image. Excludes a Dockerfile."),
        Key(name="image", kind=TEXT, help="The same as `dockerimage`."),
        Key(
            name="shell",
            kind=EitherKind(
                kinds=(TEXT, ListKind(item=TEXT, says="a list of shell commands")),
            ),
            help="Set-up steps, run after the requirements: a list, one text, or a script's path.",
        ),
    ),
)

RESOURCES = MapKind(
    title="Resources of a node",
    keys=(
        Key(
            name="cpu",
            kind=TextKind(says="a number of cores", numbers_too=True),
            help="Cores; `0.5` is half a one.",
        ),
        Key(
            name="memory",
            kind=TextKind(says="a size such as 512m or 16g", numbers_too=True),
            help="Memory: `512m`, `16g`, or a bare number of MiB.",
        ),
        Key(
            name="gpu",
            kind=TextKind(says="a number of GPUs, or a type such as A10G:1", numbers_too=True),
            help="GPUs: a number, a type, or `TYPE:number`.",
        ),
    ),
)

COMPUTE = MapKind(
    title="Compute",
    keys=(
        Key(
            name="provider",
            kind=EitherKind(kinds=(TEXT, ListKind(item=TEXT, says="a list of providers"))),
            default="local",
            help="The provider of the nodes. The provider's own settings stand beside it. Of a "
            "list, the next one is tried where one has no capacity; each takes the settings beside "
            "it that it has, and those below its own name.",
        ),
        Key(
            name="count",
            kind=WholeKind(minimum=1, maximum=10_000),
            default="1",
            help="How many nodes; of named hosts all, where it is not given.",
        ),
        Key(
            name="resources",
            kind=EitherKind(kinds=(TextKind(says="text such as cpu=2,memory=4g,gpu=1"), RESOURCES)),
            help="What each node must have at least.",
        ),
        Key(
            name="on_interruption",
            kind=ChoiceKind(words=("stop", "restart", "rerun")),
            default="stop",
            help="What follows when the provider takes spot nodes back: the session is suspended, "
            "gets new ones, or runs there again, from the beginning, what was cut.",
        ),
    ),
    others=AnyKind(),
)

PROJECT = MapKind(
    title="The project",
    says="a mapping with name and commands",
    keys=(
        Key(name="name", required=True, kind=TEXT, help="The project's name."),
        Key(name="description", kind=PROSE, help="What the project is for."),
        Key(
            name="repo",
            kind=PROSE,
            help="The git repository's URL. With it, snapshots record commit and branch.",
        ),
        Key(name="documentation", kind=PROSE, help="A link to the documentation."),
        Key(name="tags", kind=ListKind(item=TEXT, says="a list of texts"), help="Free labels."),
        Key(
            name="cluster",
            kind=CLUSTER_OR_FILE,
            required_by_ray=True,
            help="The cluster file, or a mapping with `config` and `params`.",
        ),
        Key(
            name="compute",
            kind=COMPUTE,
            outrig_only=True,
            help="Where the project runs, without a cluster file. It wins over `cluster`.",
        ),
        Key(
            name="runtime",
            kind=TextKind(
                says="an engine such as ray, or ray==2.60.0",
                pattern=r"[a-z][a-z0-9_-]*(?:==[0-9][0-9A-Za-z.+!_-]*)?",
            ),
            outrig_only=True,
            help="An engine that is brought up on all nodes of a session before anything runs "
            "there: `ray`, or `ray==2.60.0` where just that version will do.",
        ),
        Key(name="environment", kind=ENVIRONMENT, help="What a node needs to run the commands."),
        Key(
            name="commands",
            kind=ListKind(item=COMMAND, says="a list of commands"),
            help="The commands. Of two with one name the last counts.",
        ),
        Key(
            name="output_files",
            kind=ListKind(item=FILE, says="a list of paths"),
            help="What runs write: brought back afterwards, never sent. Missing ones are no error.",
        ),
        Key(
            name="metrics_file",
            kind=FILE,
            outrig_only=True,
            help="Lines of JSON that each case of a sweep writes, for `sweep results`.",
        ),
        Key(name="prefix", kind=PROSE, help="Shell text that runs before each command."),
        Key(
            name="store",
            kind=TextKind(says="a store's name or URL"),
            outrig_only=True,
            help="Where snapshots are kept, instead of the configured store.",
        ),
    ),
)
