"""The groups of the `bai` command set, and the other words its commands have.

Two generations of the client count: each command stands at the words of 20.09, and routes lead
there from those of 24.09.
"""

from __future__ import annotations

from outrig.api import Group, Route

BAI = Group(
    summary="Compute sessions, as users of Backend.AI know them",
    shim="backend.ai",
    options=(
        ("--output json|console", "how lists and details are printed"),
        ("--skip-sslcert-validation", "for scripts that have it: there is no server to check"),
    ),
)
ADMIN = Group(summary="Images, agents, scaling groups, key pairs and everybody's sessions")
SESSION = Group(summary="The commands of sessions, as backend.ai 24.09 calls them")
IMAGE = Group(summary="The commands of images, as backend.ai 24.09 calls them")
VFOLDER = Group(summary="Keep files in folders that sessions mount")
DOTFILE = Group(summary="Files that every session begins with")
TEMPLATE = Group(summary="Keep what sessions are made from")

SESSTPL = Route(to="bai session-template", hidden=True)
"""Everything under `session-template`, by its other name."""

CREATE = Route(to="bai start", summary="Start a session", hidden=True)
DESTROY = Route(to="bai terminate", summary="End sessions", hidden=True)
FROM_TEMPLATE = Route(
    to="bai start-template", summary="Start a session from a template", hidden=True
)

SESSION_CREATE = Route(to="bai start", summary="Start a session")
SESSION_DESTROY = Route(to="bai terminate", summary="End sessions")
SESSION_DOWNLOAD = Route(to="bai download", summary="Bring files of a session here")
SESSION_EVENTS = Route(to="bai events", summary="What happened to a session, and what does")
SESSION_FROM_TEMPLATE = Route(to="bai start-template", summary="Start a session from a template")
SESSION_INFO = Route(to="bai info", summary="Everything about one session")
SESSION_LIST = Route(to="bai ps", summary="List sessions")
SESSION_LOGS = Route(to="bai logs", summary="What a session printed")
SESSION_LS = Route(to="bai ls", summary="List files of a session")
SESSION_MKDIR = Route(to="bai mkdir", summary="Make a directory in a session")
SESSION_RENAME = Route(to="bai rename", summary="Give a session another name")
SESSION_RESTART = Route(to="bai restart", summary="Start a session's programs again")
SESSION_SCP = Route(to="bai scp", summary="Copy with scp")
SESSION_SSH = Route(to="bai ssh", summary="Log in with ssh")
SESSION_UPLOAD = Route(to="bai upload", summary="Put files into a session")
SESSION_WATCH = Route(to="bai watch", summary="Follow a session until it has ended")

IMAGE_LIST = Route(to="bai admin images", summary="List images")
IMAGE_ALIAS = Route(to="bai admin alias-image", summary="Give an image another name")
IMAGE_DEALIAS = Route(to="bai admin dealias-image", summary="Take a name from an image")
IMAGE_RESCAN = Route(to="bai admin rescan-images", summary="Look again which images there are")

ADMIN_SESSIONS = Route(to="bai ps", summary="List sessions")
AGENT_INFO = Route(to="bai admin agent", summary="Everything about one agent")
AGENT_LIST = Route(to="bai admin agents", summary="List agents")
KEYPAIR_INFO = Route(to="bai admin keypair", summary="The key pair in use")
SCALING_GROUP_AVAILABLE = Route(
    to="bai admin list-scaling-groups", summary="The scaling groups that a group may use"
)
SCALING_GROUP_INFO = Route(to="bai admin scaling-group", summary="Everything about one of them")
SCALING_GROUP_LIST = Route(to="bai admin scaling-groups", summary="List scaling groups")
SCALING_GROUP_ADD = Route(to="bai admin scaling-groups add", summary="Make a scaling group")
SCALING_GROUP_UPDATE = Route(to="bai admin scaling-groups update", summary="Change a scaling group")
SCALING_GROUP_DELETE = Route(to="bai admin scaling-groups delete", summary="Remove a scaling group")
SCALING_GROUP_ASSOCIATE = Route(
    to="bai admin scaling-groups associate-scaling-group",
    summary="Let a domain use a scaling group",
)
SCALING_GROUP_DISSOCIATE = Route(
    to="bai admin scaling-groups dissociate-scaling-group", summary="Let a domain no longer use one"
)
