"""The web terminal: shells of the session in a real browser, and who may not have them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import aiohttp
import pytest

from outrig_backendai.services.peer import is_another_users

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.backendai.conftest import Bai
    from tests.plugins.backendai.services.conftest import Opened

LIMIT_S = 100
SHOWN_S = 40
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
SHOWN = (
    "Array.from({length: terminal.buffer.length}, "
    "(_, row) => terminal.buffer.getLine(row).translateToString(true)).join('\\n')"
)


async def typed(socket: aiohttp.ClientWebSocketResponse, text: str, until: bytes) -> bytes:
    """Type into a shell, and return what it shows until that is among it."""
    await socket.send_json(["keys", text])
    seen = b""
    while until not in seen:
        message = await socket.receive(timeout=LIMIT_S)
        assert message.type is aiohttp.WSMsgType.BINARY, (message, seen)
        seen += message.data
    return seen


def test_each_browser_has_a_shell_of_its_own(bai: Bai, opened: Opened) -> None:
    bai("start", "-t", "mysess", "python").checked()

    async def work(address: str) -> None:
        url = f"{address}/shell?columns=101&rows=31"
        async with (
            aiohttp.ClientSession() as browser,
            browser.ws_connect(url) as one,
            browser.ws_connect(url) as two,
        ):
            await typed(one, "own=first; stty size; echo $own-$HELLO\r", b"first-there")
            seen = await typed(two, "echo [$own] $(pwd) $(id -un)\r", b"[] /home/work work")
            assert b"first" not in seen
            await one.send_json(["size", 120, 40])
            await typed(one, "stty size\r", b"40 120")
            await two.send_str("nonsense")
            await two.send_json(["size", -1, "x"])
            await two.send_json(["keys", "exit 3\r"])
            while (message := await two.receive(timeout=LIMIT_S)).type is aiohttp.WSMsgType.BINARY:
                pass
            assert message.extra == "the shell has ended with 3"
            await typed(one, "echo still $own\r", b"still first")

    with opened("-e", "HELLO=there", "mysess", "ttyd") as address:
        asyncio.run(work(address))


def test_pages_of_others_cannot_have_it(bai: Bai, opened: Opened) -> None:
    bai("start", "-t", "mysess", "python").checked()

    async def refused(address: str, **headers: str) -> int:
        async with aiohttp.ClientSession() as browser:
            with pytest.raises(aiohttp.WSServerHandshakeError) as failed:
                await browser.ws_connect(f"{address}/shell", headers=headers)
            return failed.value.status

    with opened("mysess", "ttyd") as address:
        assert asyncio.run(refused(address, Origin="http://evil.example")) == 403
        assert asyncio.run(refused(address, Host="evil.example")) == 403
        request = urllib.request.Request(f"{address}/", headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request, timeout=LIMIT_S)
        for odd in ("page/../terminal.py", "assets/..%2f..%2fmain.py", "page//etc/passwd"):
            with pytest.raises(urllib.error.HTTPError, match=r"40[34]"):
                urllib.request.urlopen(f"{address}/{odd}", timeout=LIMIT_S)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells whose it is")
def test_it_is_known_whose_program_connects() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LIMIT_S)
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), listener.accept()[0] as mine:
            assert not is_another_users(mine)
        if os.getuid() != 0:
            pytest.skip("only root can be another user")
        script = "import encodings.idna, os, socket, sys; os.setuid(65534)\n"
        script += "socket.create_connection(('127.0.0.1', int(sys.argv[1]))).recv(1)"
        other = subprocess.Popen([sys.executable, "-S", "-c", script, str(port)])
        with listener.accept()[0] as theirs:
            known = is_another_users(theirs)
        assert (known, other.wait(LIMIT_S)) == (True, 0)


class Page:
    """A page of a browser, driven as its own tools do."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.last = 0

    async def call(self, method: str, **params: object) -> dict[str, dict[str, object]]:
        self.last += 1
        await self.socket.send_json({"id": self.last, "method": method, "params": params})
        while True:
            answer = json.loads((await self.socket.receive(timeout=LIMIT_S)).data)
            if answer.get("id") == self.last:
                result: dict[str, dict[str, object]] = answer["result"]
                return result

    async def shown(self) -> str:
        found = await self.call("Runtime.evaluate", expression=SHOWN)
        return str(found["result"].get("value", ""))

    async def wait_for(self, text: str) -> None:
        end = asyncio.get_running_loop().time() + SHOWN_S
        while text not in (seen := await self.shown()):
            assert asyncio.get_running_loop().time() < end, seen
            await asyncio.sleep(0.05)

    async def type(self, text: str) -> None:
        for one in f"{text}\r":
            key = "Enter" if one == "\r" else one
            code = 13 if one == "\r" else 0
            told = {"key": key, "text": one, "windowsVirtualKeyCode": code}
            await self.call("Input.dispatchKeyEvent", type="keyDown", **told)
            await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)


async def in_browser(tools: str, address: str) -> None:
    async with aiohttp.ClientSession() as client:
        async with client.put(f"{tools}/json/new?{address}/") as made:
            url = (await made.json())["webSocketDebuggerUrl"]
        async with client.ws_connect(url, max_msg_size=0) as socket:
            page = Page(socket)
            await page.wait_for("work@")
            await page.type("echo $((6 * 7))-in-$(pwd)")
            await page.wait_for("\n42-in-/home/work")
            await page.type("exit")
            await page.wait_for("press Enter for a new shell")
            await page.type("")
            await page.type("echo once-$((40 + 2))")
            await page.wait_for("\nonce-42")


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here")
def test_a_browser_works_in_it(bai: Bai, opened: Opened, tmp_path: Path) -> None:
    bai("start", "-t", "mysess", "python").checked()
    words = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    words += ["--remote-debugging-port=0", f"--user-data-dir={tmp_path / 'profile'}", "about:blank"]
    browser = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    try:
        assert browser.stderr is not None
        said = next(line for line in browser.stderr if "DevTools listening on" in line)
        tools = "http://" + said.split("ws://")[1].split("/")[0]
        with opened("mysess", "ttyd") as address:
            asyncio.run(in_browser(tools, address))
        assert browser.poll() is None
    finally:
        browser.kill()
        browser.communicate()
