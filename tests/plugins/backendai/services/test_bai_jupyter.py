"""Jupyter: put into the session when it is first asked for, with a kernel that runs."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from tests.plugins.backendai.conftest import Bai
    from tests.plugins.backendai.services.conftest import Opened

LIMIT_S = 100


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
    bai("start", "-t", "mysess", "python").checked()
    wanted = ("-e", "JUPYTER_REQUIREMENT=jupyter_server ipykernel", "-e", "MINE=mine")
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
