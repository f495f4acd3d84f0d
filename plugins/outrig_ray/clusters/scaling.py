"""Ray's own autoscaler on the head: it makes the workers, with the role that the head has.

No key and no credential of the user's gets there. The head makes a key of its own, and the workers
that it makes let in its public half; what it may ask of the cloud is what the file's instance
profile allows.
"""

from __future__ import annotations

import base64
import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from outrig.api import NAME_TAG, OWNER_TAG, SESSION_TAG, NodeQuery

if TYPE_CHECKING:
    from outrig.api import ClusterFile, Node, Outrig, Session

OPTION = "--autoscaling-config=~/ray_bootstrap_config.yaml"
VARIABLE = "OUTRIG_RAY_SCALING"
_TAGGED = ("instance", "volume")
_PROGRAM = """
import base64, json, os, subprocess, sys, urllib.error, urllib.request
given = json.loads(base64.b64decode(sys.argv[1]))
config = given["config"]
try:
    import boto3
    from ray.autoscaler._private.aws.node_provider import AWSNodeProvider
    from ray.autoscaler._private.util import prepare_config, validate_config
except ImportError as err:
    sys.exit(f"Ray's autoscaler cannot run here ({err}): setup_commands must install "
             "'ray[default]' and boto3")
BASE = "http://169.254.169.254/latest/"
def ask(path, method="GET", **headers):
    named = {"X-aws-ec2-metadata-" + name: text for name, text in headers.items()}
    request = urllib.request.Request(BASE + path, method=method, headers=named)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return answer.read().decode().strip()
token = ask("api/token", "PUT", **{"token-ttl-seconds": "60"})
def told(path):
    return ask("meta-data/" + path, token=token)
try:
    told("iam/security-credentials/")
except urllib.error.HTTPError:
    sys.exit("Ray's autoscaler cannot run here: this machine has no instance profile")
interface = "network/interfaces/macs/" + told("mac") + "/"
key = os.path.expanduser(config["auth"]["ssh_private_key"])
if not os.path.exists(key):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
with open(key + ".pub") as source:
    login = {"ssh_authorized_keys": [source.read().strip()]}
config["auth"]["ssh_user"] = subprocess.check_output(["id", "-un"], text=True).strip()
config["provider"]["region"] = told("placement/region")
for one in config["available_node_types"].values():
    node = one["node_config"]
    subnet = node.pop("SubnetId", None) or told(interface + "subnet-id")
    node.setdefault("SubnetIds", [subnet])
    node.setdefault("SecurityGroupIds", told(interface + "security-group-ids").split())
    image = node.setdefault("ImageId", told("ami-id"))
    if image.startswith("/"):
        node["ImageId"] = "resolve:ssm:" + image
    node["UserData"] = "#cloud-config\\n" + json.dumps(login)
    own = [tag for part in node.get("TagSpecifications") or () if part["ResourceType"] == "instance"
           for tag in part["Tags"]]
    node["TagSpecifications"] = [
        {"ResourceType": kind, "Tags": [*own, *given["tags"]]} for kind in given["tagged"]]
config = AWSNodeProvider.fillout_available_node_types_resources(prepare_config(config))
validate_config(config)
path = os.path.expanduser("~/ray_bootstrap_config.yaml")
with open(os.open(path + ".new", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as target:
    json.dump(config, target, indent=1)
os.replace(path + ".new", path)
"""
_RUN = """\
: prepare the autoscaler of Ray
python=$(command -v python || command -v python3) || {{ echo 'there is no Python here'; exit 1; }}
"$python" -c "$(echo {program} | base64 -d)" {given}
"""


def with_scaling(outrig: Outrig, session: Session, file: ClusterFile) -> ClusterFile:
    """Return a cluster whose head completes the file of Ray's autoscaler before Ray starts."""
    if file.scaling is None:
        return file
    tags = {OWNER_TAG: outrig.state.owner, SESSION_TAG: session.id, NAME_TAG: session.name}
    given = {
        "config": json.loads(file.scaling),
        "tags": [{"Key": name, "Value": text} for name, text in tags.items()],
        "tagged": _TAGGED,
    }
    step = _RUN.format(program=_encoded(_PROGRAM), given=_encoded(json.dumps(given)))
    commands = file.head.commands
    commands = replace(commands, setup=(*commands.setup, step))
    return replace(file, head=replace(file.head, commands=commands))


def _encoded(text: str) -> str:
    return shlex.quote(base64.b64encode(text.encode()).decode())


def made_nodes(outrig: Outrig, session: Session) -> tuple[Node, ...]:
    """Ask the cloud for the workers that Ray's autoscaler has made; raises `OutrigError`."""
    if not session.grows:
        return ()
    query = NodeQuery(session_id=session.id)
    found = outrig.inventory(session.provider, query, session.settings).nodes
    known = {one.id for one in session.nodes}
    return tuple(one for one in found if one.id not in known and one.data.get("state") == "running")


def scaling_variables(file: ClusterFile, rank: int) -> dict[str, str]:
    """Return what makes `ray start` on the head start the autoscaler too."""
    return {VARIABLE: OPTION} if rank == 0 and file.scaling is not None else {}
