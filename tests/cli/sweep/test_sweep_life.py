"""A sweep as a user types it: from values to results."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from outrig.testing.command_line import CommandLine


def test_a_sweep_runs_every_case_in_a_directory_of_its_own(run: CommandLine, sweeps: Path) -> None:
    result = run("session", "start", "train", "--lr", "case:1,2", "--seed", "range:2")
    assert result.exit_code == 0, result.err
    assert sorted(result.out.splitlines()) == [
        "[0 lr=1 seed=0] lr 1 seed 0",
        "[1 lr=1 seed=1] lr 1 seed 1",
        "[2 lr=2 seed=0] lr 2 seed 0",
        "[3 lr=2 seed=1] lr 2 seed 1",
    ]
    assert "train-1: SUCCEEDED (4 SUCCEEDED)" in result.err
    assert (sweeps / "outputs/train-1/2/result.txt").read_text() == "lr 2 seed 0\n"
    assert not (sweeps / "result.txt").exists()
    (listed,) = json.loads(run("sweep", "list", "--output", "json").out)
    assert (listed["name"], listed["state"], listed["done"]) == ("train-1", "SUCCEEDED", 4)
    runs = json.loads(run("run", "list", "--output", "json").out)
    assert [one["params"]["lr"] for one in runs] == ["2", "2", "1", "1"]
    assert "lr 2 seed 1" in run("run", "logs", runs[0]["id"]).out


def test_results_join_values_states_and_metrics(run: CommandLine, sweeps: Path) -> None:
    run("session", "start", "train", "--lr", "case:3,1,2", "--quiet")
    result = run("sweep", "results", "--sort", "loss", "--output", "csv")
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert [(row["case"], row["lr"], row["loss"]) for row in rows] == [
        ("1", "1", "1.0"),
        ("2", "2", "2.0"),
        ("0", "3", "3.0"),
    ]
    assert all(float(row["duration"]) >= 0 and row["exit_code"] == "0" for row in rows)
    down = json.loads(run("sweep", "results", "--sort", "-lr", "--output", "json").out)
    assert [row["lr"] for row in down] == ["3", "2", "1"]
    assert run("sweep", "results", "--sort", "depth").exit_code == 2
    assert run("session", "stop").exit_code == 0
    assert run("sweep", "results", "--output", "csv", "--sort", "loss").out == result.out
    assert "gone with its session" in run("sweep", "logs").err


def test_metrics_are_drawn(run: CommandLine, sweeps: Path) -> None:
    run("session", "start", "train", "--lr", "case:1,2", "--quiet")
    drawn = run("sweep", "results", "--plot", "loss")
    assert drawn.exit_code == 0, drawn.err
    assert drawn.out.startswith("loss: 1 to 2\n0 lr=1")
    for name, begins in (("loss.png", b"\x89PNG"), ("loss.svg", b"<?xml")):
        assert run("sweep", "results", "--plot", "loss", "--to", name).exit_code == 0
        assert (sweeps / name).read_bytes().startswith(begins)
    assert "ends in none of" in run("sweep", "results", "--plot", "loss", "--to", "x.gif").err
    assert "metrics: loss" in run("sweep", "results", "--plot", "depth").err


def test_a_file_the_project_names_is_read_as_well(run: CommandLine, sweeps: Path) -> None:
    """Each case writes one of its own, also where the project has one from a run by hand."""
    settings = yaml.safe_load((sweeps / "outrig.yaml").read_text())
    script = 'test -e curve.jsonl && exit 9; for s in 1 2; do echo "$LINE" >> curve.jsonl; done'
    line = 'printf \'{"step": %s, "depth": %s, "note": "x"}\' {{lr}} {{lr}}5'
    settings["metrics_file"] = "curve.jsonl"
    settings["commands"][0]["command"] = f"LINE=$({line}); {script}"
    (sweeps / "outrig.yaml").write_text(yaml.safe_dump(settings))
    (sweeps / "curve.jsonl").write_text('{"depth": 99}\n')
    words = ("session", "start", "train", "--lr", "case:1,2", "--quiet")
    assert run(*words).exit_code == 0
    rows = json.loads(run("sweep", "results", "--sort", "-depth", "--output", "json").out)
    assert [(row["lr"], row["depth"]) for row in rows] == [("2", 25.0), ("1", 15.0)]
    assert "step" not in rows[0]
    assert run("sweep", "results", "--plot", "depth").out.startswith("depth: 15 to 25")
    (sweeps / "curve.jsonl").write_text('{"depth": 98}\n')
    assert "nothing to do" in run(*words[:-1]).err


def test_a_preview_makes_nothing(run: CommandLine, sweeps: Path) -> None:
    result = run("session", "start", "train", "--lr", "case:1,2", "--opt", "*", "--preview")
    assert result.exit_code == 0
    assert result.out.splitlines() == [
        "CASE  lr  opt",
        "   0  1   adam",
        "   1  1   sgd",
        "   2  2   adam",
        "   3  2   sgd",
        "4 cases",
    ]
    assert run("sweep", "list").err == "no sweeps\n"
    assert run("session", "list", "--all").err == "no sessions\n"


def test_many_cases_want_a_yes(run: CommandLine, sweeps: Path) -> None:
    result = run("session", "start", "train", "--seed", "range:101")
    assert result.exit_code == 125
    assert "101 cases were not started" in result.err
    assert run("sweep", "list").err == "no sweeps\n"


def test_the_same_sweep_again_does_nothing_and_a_larger_one_only_the_rest(
    run: CommandLine, sweeps: Path
) -> None:
    words = ("session", "start", "train", "--quiet", "--name", "s")
    assert run(*words, "--lr", "case:1,2").exit_code == 0
    again = run(*words[:3], "--lr", "case:1,2")
    assert again.exit_code == 0
    assert "nothing to do: all 2 cases have succeeded before" in again.err
    more = run(*words[:3], "--name", "s", "--lr", "case:1,2,3")
    assert more.out == "[2 lr=3] lr 3 seed 0\n"
    assert "train-2: 3 cases, 2 of them done before" in more.err
    rows = json.loads(run("sweep", "results", "--output", "json").out)
    assert [row["loss"] for row in rows] == [1.0, 2.0, 3.0]
    forced = run(*words[:3], "--name", "s", "--lr", "case:1,2", "--again")
    assert len(forced.out.splitlines()) == 2
    (sweeps / "new.txt").write_text("another input")
    assert len(run(*words[:3], "--name", "s", "--lr", "case:1,2").out.splitlines()) == 2


def test_failed_cases_are_run_again(run: CommandLine, sweeps: Path) -> None:
    fail = Path.home() / "fail"
    fail.touch()
    result = run("session", "start", "train", "--code", "case:0,3,0,4")
    assert result.exit_code == 1
    assert "2 SUCCEEDED, 2 FAILED" in result.err
    shown = run("sweep", "show", "--state", "FAILED", "--output", "json")
    assert [row["exit_code"] for row in json.loads(shown.out)] == [3, 4]
    fail.unlink()
    retried = run("sweep", "retry", "--failed")
    assert retried.exit_code == 0
    assert len(retried.out.splitlines()) == 2
    assert run("sweep", "resume").err == "train-1: nothing to run again (SUCCEEDED)\n"
    assert len(run("sweep", "retry", "--all").out.splitlines()) == 4


def test_the_exit_code_is_that_of_the_cases(run: CommandLine, sweeps: Path) -> None:
    (Path.home() / "fail").touch()
    assert run("session", "start", "train", "--code", "7", "--seed", "range:2").exit_code == 7


def test_a_star_alone_and_sessions_make_sessions(run: CommandLine, sweeps: Path) -> None:
    run("session", "start", "train", "--opt", "*")
    names = {one["name"] for one in json.loads(run("session", "list", "--output", "json").out)}
    assert names == {"toy-opt-adam", "toy-opt-sgd"}
    run("session", "start", "train", "--lr", "case:1,2", "--sessions", "--name", "each")
    names = {one["name"] for one in json.loads(run("session", "list", "--output", "json").out)}
    assert names == {"toy-opt-adam", "toy-opt-sgd", "each-0", "each-1"}
    assert run("sweep", "list").err == "no sweeps\n"


def test_a_sweep_is_forgotten(run: CommandLine, sweeps: Path) -> None:
    run("session", "start", "train", "--lr", "case:1,2", "--quiet")
    assert run("sweep", "rm", "train-1").exit_code == 0
    assert run("sweep", "list").err == "no sweeps\n"
    unknown = run("sweep", "show", "train-1")
    assert unknown.exit_code == 4
    assert 'there is no sweep "train-1"' in unknown.err


def test_of_many_waiting_cases_the_next_are_shown_and_the_rest_counted(
    run: CommandLine, sweeps: Path
) -> None:
    words = ("session", "start", "train", "--seed", "range:90", "--starts-at", "1d")
    assert run(*words, "--enqueue-only").exit_code == 0
    shown = run("sweep", "show")
    assert len(shown.out.splitlines()) == 51
    assert "40 more cases wait" in shown.err
    assert len(json.loads(run("sweep", "show", "--output", "json").out)) == 90
    assert len(run("sweep", "show", "--state", "QUEUED").out.splitlines()) == 91
    assert run("sweep", "cancel").exit_code == 0
