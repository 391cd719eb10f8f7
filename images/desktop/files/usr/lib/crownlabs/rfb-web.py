"""The web side of a desktop, as the environment contract asks: 200 on the base path, RFB over WebSocket below it.

Standard library alone, so that it starts in a few hundredths of a second. One thread a direction; a desktop has few viewers.
RFC 6455 for the WebSocket part.
"""

import base64
import hashlib
import http.server
import os
import socket
import struct
import threading

RFB = ("127.0.0.1", 5900)
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LARGEST_MESSAGE = 1 << 20
PAGE = b"<!doctype html><title>CrownLabs desktop</title><p>This desktop is opened from the CrownLabs dashboard.</p>"


def frame(opcode, data):
    """One unmasked frame, as a server sends it."""
    size = len(data)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
    return head + data


def read_frame(stream):
    """(opcode, payload) of the next frame, or None at the end of the stream or at a frame that breaks the rules."""
    head = stream.read(2)
    if len(head) < 2:
        return None
    opcode, size = head[0] & 0x0F, head[1] & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", stream.read(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", stream.read(8))
    if not head[1] & 0x80 or size > LARGEST_MESSAGE:
        return None
    mask = stream.read(4)
    data = stream.read(size)
    if len(data) < size:
        return None
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return opcode, (int.from_bytes(data, "big") ^ key).to_bytes(size, "big")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.close_connection = True
            self.relay()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    do_HEAD = do_GET

    def relay(self):
        key = self.headers.get("Sec-WebSocket-Key", "").encode()
        accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest()).decode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept)
        if "binary" in self.headers.get("Sec-WebSocket-Protocol", ""):
            self.send_header("Sec-WebSocket-Protocol", "binary")
        self.end_headers()
        upstream = socket.create_connection(RFB)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lock = threading.Lock()
        threading.Thread(target=self.to_browser, args=(upstream, lock), daemon=True).start()
        try:
            self.to_desktop(upstream, lock)
        finally:
            upstream.close()

    def to_browser(self, upstream, lock):
        try:
            while data := upstream.recv(1 << 16):
                with lock:
                    self.connection.sendall(frame(2, data))
        except OSError:
            pass
        finally:
            self.connection.close()

    def to_desktop(self, upstream, lock):
        while (message := read_frame(self.rfile)) is not None:
            opcode, data = message
            if opcode == 8:
                return
            if opcode == 9:
                with lock:
                    self.connection.sendall(frame(10, data))
            elif opcode in (0, 1, 2):
                upstream.sendall(data)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self):
        # The parent looks its own name up in DNS, which takes seconds where there is none.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "desktop", self.server_address[1]


if __name__ == "__main__":
    Server(("0.0.0.0", int(os.environ.get("CROWNLABS_LISTEN_PORT", "6080"))), Handler).serve_forever()
