"""One page, served to this machine alone."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from flatline.errors import FlatlineError

HOST = "127.0.0.1"


def serve(page: str, *, port: int = 0) -> None:
    """Serve a page until the user interrupts, and say where.

    Parameters
    ----------
    page : str
        HTML; all that is served. No file is ever read.
    port : int
        0 for any that is free.

    Raises
    ------
    FlatlineError
        When the port cannot be had.
    """
    with server(page, port=port) as listening:
        try:
            sys.stdout.write(f"http://{HOST}:{listening.server_port}/ (Ctrl-C ends)\n")
            sys.stdout.flush()
            listening.serve_forever()
        except KeyboardInterrupt:
            return


def server(page: str, *, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of a page that listens already.

    Raises
    ------
    FlatlineError
        When the port cannot be had.
    """
    body = page.encode("utf-8")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(body)

        def do_HEAD(self) -> None:
            self._answer(b"")

        def _answer(self, sent: bytes) -> None:
            # A page elsewhere whose name is made to point here asks under that name.
            known = {f"{host}:{listening.server_port}" for host in (HOST, "localhost")}
            if self.headers.get("Host") not in known:
                return self.send_error(403)
            if self.path != "/":
                return self.send_error(404)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(sent)
            return None

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the page asks for nothing else."""

    try:
        listening = ThreadingHTTPServer((HOST, port), Handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FlatlineError(f"--port must be free on {HOST}. Got {port}: {reason}.") from None
    return listening
