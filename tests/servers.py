"""A small HTTP server that plays an API, well or badly, and counts what it is asked."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Asked(BaseHTTPRequestHandler):
    """One request; `server.play` answers it, `server.seen` remembers path and headers."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        self.close_connection = True
        with suppress(BrokenPipeError, ConnectionResetError):
            self.server.play(self, len(self.server.seen))

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, body: bytes, status: int = 200, kind: str = "text/csv", length: int | None = None, **headers: str):
        """Status, headers, body; `length` lies about the length."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_for_ever(self, piece: bytes, pause: float = 0.0) -> None:
        """No length and no end."""
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.end_headers()
        while not self.server.over:
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(pause)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, play: Callable[[Asked, int], None]):
        super().__init__(("127.0.0.1", 0), Asked)
        self.play, self.seen, self.over = play, [], False
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving(play: Callable[[Asked, int], None]) -> Iterator[Server]:
    """A server for the time of a test. `play(request, number)` answers the request of that number, from 1."""
    server = Server(play)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over = True
        server.shutdown()
        server.server_close()
