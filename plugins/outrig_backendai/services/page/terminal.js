// Joins an xterm.js terminal to a shell in the session, and to a new one when that has ended.
"use strict";

const terminal = new Terminal({ cursorBlink: true, scrollback: 10000 });
const fit = new FitAddon.FitAddon();
let socket = null;
let waiting = []; // what was typed while the shell was being connected

function send(...message) {
  if (socket !== null && socket.readyState === WebSocket.OPEN) {
    socket.send(JSON.stringify(message));
  } else if (socket !== null) {
    waiting.push(message);
  }
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const path = location.pathname.replace(/[^/]*$/, "");
  const size = `columns=${terminal.cols}&rows=${terminal.rows}`;
  socket = new WebSocket(`${scheme}//${location.host}${path}shell?${size}`);
  socket.binaryType = "arraybuffer";
  waiting = [];
  socket.onopen = () => waiting.forEach((message) => send(...message));
  socket.onmessage = (event) => terminal.write(new Uint8Array(event.data));
  socket.onclose = (event) => {
    socket = null;
    const reason = event.reason || "the connection is lost";
    terminal.write(`\r\n[${reason}; press Enter for a new shell]\r\n`);
  };
}

terminal.loadAddon(fit);
terminal.open(document.getElementById("terminal"));
fit.fit();
terminal.focus();
terminal.onData((text) => {
  if (socket === null && text === "\r") {
    connect();
  } else {
    send("keys", text);
  }
});
terminal.onResize((size) => send("size", size.cols, size.rows));
window.addEventListener("resize", () => fit.fit());
window.terminal = terminal;
connect();
