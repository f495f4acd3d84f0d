"""`bai ps`, which is `admin sessions`, `admin session list` and `session list` too."""

from __future__ import annotations

from outrig.api import Command
from outrig_backendai.commands.listing.session_list import OPTIONS, print_sessions
from outrig_backendai.compute.sessions import Compute


class BaiPs(Command):
    """List sessions."""

    summary = "List sessions"
    details = """
    Your sessions, those that changed last first: all that are not over, the first ten of them.

    -f takes the names of both generations of the client: id (session_id), name, type, image, tag,
    status, status_info, status_changed (last_updated), created_at, terminated_at, starts_at,
    scheduled_at, result, main_kernel_id (task_id), occupying_slots (occupied_slots), used_memory,
    max_used_memory, cpu_using, cluster_mode, cluster_size, domain_name, group_name, group_id,
    agent_ids, user_email, user_id, access_key, startup_command, resource_opts, scaling_group,
    service_ports, mounts, dependencies, idle_checks and more; a name that is none lists them all.
    """
    examples = (
        ("bai ps", "your sessions"),
        ("bai ps --dead --all", "all that are over"),
        ("bai ps -f id,status,occupying_slots", "some fields"),
        ("bai ps --filter 'tag == \"train\"' --order name", "some sessions, by name"),
        ("bai --output json ps", "for scripts"),
    )
    options = OPTIONS

    def handle(self) -> int:
        """Print them."""
        print_sessions(self, Compute(self.outrig))
        return 0
