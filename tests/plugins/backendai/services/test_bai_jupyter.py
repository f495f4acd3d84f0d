"""Jupyter: put into the session when it is first asked for, with a kernel that runs."""

from __future__ import annotations

import ast
import asyncio
import os
import pwd
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import aiohttp
import pytest

if TYPE_CHECKING:
    from tests.plugins.backendai.conftest import Bai
    from tests.plugins.backendai.services.conftest import Opened

LIMIT_S = 100
PACKAGES = "jupyter_server ipykernel"
REGISTRY = ("index-url", "extra-index-url", "find-links")


def registry_variables() -> dict[str, str]:
    """Return where pip finds packages for who runs the tests, as variables for a session's pip."""
    home = pwd.getpwuid(os.getuid()).pw_dir
    environ = {name: text for name, text in os.environ.items() if not name.startswith("XDG_")}
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env={**environ, "HOME": home},
        capture_output=True,
        text=True,
        check=True,
    )
    found = {}
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        name = name.rpartition(".")[2]
        if name in REGISTRY:
            found["PIP_" + name.upper().replace("-", "_")] = " ".join(
                str(ast.literal_eval(value)).split()
            )
    return found


def require_registry(bai: Bai, variables: list[str]) -> None:
    """Skip the test where a session's pip finds no packages."""
    look = (
        "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-m', 'pip', 'download',"
        " '-q', '--no-deps', '-d', '/tmp/looked', 'ipykernel']))"
    )
    asked = bai("run", "-q", *variables, "-c", look, "python", "--rm", timeout_s=LIMIT_S)
    if asked.exit_code:
        pytest.skip(f"a session's pip finds no packages here: {asked.err.strip()[-200:]}")


def request(code: str) -> dict[str, object]:
    header = {"msg_id": uuid.uuid4().hex, "username": "u", "session": "s", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    return {
        "header": {**header, "msg_type": "execute_request"},
        "parent_header": {},
        "metadata": {},
        "content": {**content, "user_expressions": {}},
        "channel": "shell",
        "buffers": [],
    }


async def printed(socket: aiohttp.ClientWebSocketResponse, code: str) -> str:
    await socket.send_json(request(code))
    out = ""
    while True:
        message = await socket.receive_json(timeout=LIMIT_S)
        if message["msg_type"] == "stream":
            out += message["content"]["text"]
        if message["msg_type"] == "execute_reply":
            assert message["content"]["status"] == "ok", message
        if out and message["content"].get("execution_state") == "idle":
            return out


async def kernels(address: str) -> None:
    base, _, token = address.partition("/?token=")
    headers = {"Authorization": f"token {token}"}
    async with aiohttp.ClientSession() as stranger, stranger.get(f"{base}/api/contents") as refused:
        assert refused.status == 403
    async with aiohttp.ClientSession(headers=headers) as browser:

        async def work(number: int) -> str:
            async with browser.post(f"{base}/api/kernels", json={"name": "python3"}) as made:
                kernel = (await made.json())["id"]
            async with browser.ws_connect(f"{base}/api/kernels/{kernel}/channels") as socket:
                await printed(socket, f"import os; kept = {number}; print('ready')")
                return await printed(socket, "print(kept * 2, os.getcwd(), os.environ['MINE'])")

        assert list(await asyncio.gather(work(21), work(4))) == [
            "42 /home/work mine\n",
            "8 /home/work mine\n",
        ]


async def count(address: str) -> int:
    url = address.replace("/?", "/api/kernels?")
    async with aiohttp.ClientSession() as browser, browser.get(url) as found:
        return len(await found.json())


def test_a_kernel_runs_and_outlives_the_proxy(bai: Bai, opened: Opened) -> None:
    registry = [word for one in registry_variables().items() for word in ("-e", "=".join(one))]
    require_registry(bai, registry)
    bai("start", "-t", "mysess", "python").checked()
    wanted = ("-e", f"JUPYTER_REQUIREMENT={PACKAGES}", "-e", "MINE=mine", *registry)
    with opened("--arg", "--log-level ERROR", *wanted, "mysess", "jupyter") as address:
        asyncio.run(kernels(address))
    with opened("mysess", "jupyter") as address:
        assert asyncio.run(count(address)) == 2
    assert bai("ssh", "mysess", "-p", "0", "ls -l .services/jupyter").out.startswith("-rw-------")


def test_what_keeps_it_from_starting_is_said(bai: Bai) -> None:
    bai("start", "-t", "mysess", "python").checked()
    wrong = "JUPYTER_REQUIREMENT=--no-index there-is-no-such-package"
    failed = bai("app", "-b", "0", "-e", wrong, "mysess", "jupyter", timeout_s=LIMIT_S)
    assert failed.exit_code == 7
    assert 'jupyter did not start in session "mysess"' in failed.err
    assert "there-is-no-such-package" in failed.err
