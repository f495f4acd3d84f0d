"""What the program is asked: to set up a session's inside, or to run a script there."""

from __future__ import annotations

import os

from outrig_backendai.place.program.bubble import run_in_bubble
from outrig_backendai.place.program.engine import run_in_image
from outrig_backendai.place.program.enter import end_like, run_in_room, run_openly
from outrig_backendai.place.program.making import set_up
from outrig_backendai.place.program.means import BUBBLE, IMAGE, NAMESPACES, known_means
from outrig_backendai.place.program.record import STATE, Inside, Wrong, read_inside, say, write_text
from outrig_backendai.place.program.worker import Worker, find_worker, give_over, give_terminal

TELLS = {
    NAMESPACES: "/home/work is the session's own directory",
    BUBBLE: "/home/work is the session's own directory, by bubblewrap",
    IMAGE: "/home/work is the session's own directory, in containers",
}


def main(work: str, words: list[str]) -> None:
    """Do what the first word says, for the session whose directory on the node is `work`."""
    os.umask(0o022)
    try:
        if words[0] == "set-up":
            write_down(work, words[1], words[2])
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
        say("backend.ai: " + told(error))
        os._exit(125)


def told(error: Exception) -> str:
    """Say in one line what went wrong."""
    if isinstance(error, OSError) and error.strerror:
        return "%s: %s" % (error.filename, error.strerror) if error.filename else error.strerror
    return str(error)


def write_down(work: str, enter: str, record: str) -> None:
    """Keep what the client says of the inside, and the few lines that enter it."""
    state = "%s/%s/" % (work, STATE)
    os.makedirs(state, 0o700, exist_ok=True)
    write_text(state + "enter.py", enter)
    write_text(state + "place.json", record)


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
    give_terminal(worker)
    if means == IMAGE:
        end_like(run_in_image(inside, worker, script))
    elif means == NAMESPACES:
        end_like(run_in_room(inside, worker, script))
    elif means == BUBBLE:
        end_like(run_in_bubble(inside, script))
    else:
        end_like(run_openly(inside, worker, script))
