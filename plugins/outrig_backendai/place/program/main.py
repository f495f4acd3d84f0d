"""What the program is asked: to set up a session's inside, or to run a script there."""

from __future__ import annotations

import os

from outrig_backendai.place.program.bubble import run_in_bubble
from outrig_backendai.place.program.engine import run_in_image
from outrig_backendai.place.program.enter import end_like, run_in_room, run_openly
from outrig_backendai.place.program.making import set_up
from outrig_backendai.place.program.means import BUBBLE, IMAGE, NAMESPACES, known_means
from outrig_backendai.place.program.record import Inside, Wrong, read_inside, say
from outrig_backendai.place.program.worker import Worker, find_worker, give_over

TELLS = {
    NAMESPACES: "/home/work is the session's own directory",
    BUBBLE: "/home/work is the session's own directory, by bubblewrap",
    IMAGE: "/home/work is the session's own directory, in containers",
}


def main(work: str, words: list[str]) -> None:
    """Do what the first word says, for the session whose directory on the node is `work`."""
    os.umask(0o022)
    try:
        inside, worker = read_inside(work), find_worker()
        known = inside.own("prefix")
        if os.path.exists(known):
            with open(known) as source:
                inside.shown.append(source.read())
        if words[0] == "set-up":
            say_set_up(inside, worker)
        else:
            run(inside, worker, words[1])
    except (Wrong, OSError) as error:
        say("backend.ai: %s" % error)
        os._exit(125)


def say_set_up(inside: Inside, worker: Worker) -> None:
    """Set up, and say what was made of it."""
    means, reason = set_up(inside, worker)
    text = TELLS.get(means) or "/home/work is %s, in arguments and variables" % inside.home
    because = " (%s)" % reason if reason else ""
    say("inside: %s%s" % (text, because))


def run(inside: Inside, worker: Worker, script: str) -> None:
    """Run a script inside and end as it does."""
    means = known_means(inside)
    give_over(inside.home, worker)
    if means == IMAGE:
        end_like(run_in_image(inside, worker, script))
    elif means == NAMESPACES:
        end_like(run_in_room(inside, worker, script))
    elif means == BUBBLE:
        end_like(run_in_bubble(inside, script))
    else:
        end_like(run_openly(inside, worker, script))
