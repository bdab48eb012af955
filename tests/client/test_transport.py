"""HTTP of the clients: proxies, certificates, users of addresses, streams, open connections."""

import asyncio
import base64
import json
import multiprocessing
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from quantumtask import AsyncClient, Client, ServiceError, Unreachable
from quantumtask.client import transport
from quantumtask.client.connection import Connection
from tests.support.certificates import make_certificate
from tests.support.fake_service import error_reply, fake_service, json_reply
from tests.support.services import Service, free_port

QUEUE = {"waiting": 0}
Ask = Callable[..., Any]


def ask(url: str, token: str | None = None) -> Any:
    with Client(url, token, timeout=5) as client:
        return client.queue()


def ask_asynchronously(url: str, token: str | None = None) -> Any:
    async def queue() -> Any:
        async with AsyncClient(url, token, timeout=5) as client:
            return await client.queue()

    return asyncio.run(queue())


both = pytest.mark.parametrize("ask", [ask, ask_asynchronously], ids=["blocking", "asyncio"])


class Server(ThreadingHTTPServer):
    """Server of HTTP/1.1 that answers each request alike; notes requests and connections."""

    request_queue_size = 50

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lines: list[str] = []
        self.headers: list[Any] = []
        self.connections = 0
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        self.server.lines.append(f"{self.command} {self.path}")
        self.server.headers.append(self.headers)
        content = json.dumps(QUEUE).encode()
        self.send_response(502 if self.command == "CONNECT" else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_CONNECT = do_GET

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _without_proxies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    monkeypatch.delenv("QUANTUMTASK_TOKEN", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@both
def test_the_proxy_of_the_environment_gets_the_whole_address(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Server()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://ada:s%40crt@127.0.0.1:{proxy.server_port}")
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.server_port}")
        assert ask("http://quantum.invalid/base") == QUEUE
        with pytest.raises(Unreachable):
            ask("https://quantum.invalid/base")
        monkeypatch.setenv("NO_PROXY", "other.invalid,.invalid")
        with pytest.raises(Unreachable):
            ask("http://quantum.invalid/base")
    assert proxy.lines == [
        "GET http://quantum.invalid/base/queue",
        "CONNECT quantum.invalid:443",
    ]
    assert proxy.headers[0]["Host"] == "quantum.invalid"
    login = base64.b64encode(b"ada:s@crt").decode()
    assert proxy.headers[0]["Proxy-Authorization"] == f"Basic {login}"


@both
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_asked_without_the_proxy(
    ask: Ask, host: str, monkeypatch: pytest.MonkeyPatch, service: Service
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    assert "workers" in ask(service.url.replace("127.0.0.1", host))


@both
def test_a_certificate_is_checked_against_those_of_the_environment(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path, "localhost")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with serving(Server(tls)) as server:
        url = f"https://localhost:{server.server_port}"
        with pytest.raises(Unreachable):
            ask(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert ask(url) == QUEUE
        with pytest.raises(Unreachable):  # of another host
            ask(url.replace("localhost", "127.0.0.1"))


@both
def test_the_user_of_an_address_is_sent_and_a_stored_token_goes_before(ask: Ask) -> None:
    with serving(Server()) as server:
        assert ask(f"http://ada:s%40crt@127.0.0.1:{server.server_port}") == QUEUE
        assert ask(f"http://127.0.0.1:{server.server_port}", "secret") == QUEUE
        assert ask(f"http://127.0.0.1:{server.server_port}") == QUEUE
    sent = [headers["Authorization"] for headers in server.headers]
    assert sent == [f"Basic {base64.b64encode(b'ada:s@crt').decode()}", "Bearer secret", None]
    assert all(headers["Host"].startswith("127.0.0.1:") for headers in server.headers)


@both
@pytest.mark.parametrize("token", ["sécret", "secret\n", "se\x00cret"])
def test_a_token_that_no_header_can_hold_is_refused_without_showing_it(
    ask: Ask, token: str
) -> None:
    with pytest.raises(ServiceError, match="printable ASCII") as refusal:
        ask("http://127.0.0.1:9", token)
    assert refusal.value.code == "unauthenticated"
    assert "cret" not in str(refusal.value)


@both
@pytest.mark.parametrize(
    "url", ["http://", "ftp://host", "http://host:99999", "http://host:x", "http://[::1", "nobody:"]
)
def test_an_address_that_is_none_is_refused_at_once(ask: Ask, url: str) -> None:
    with pytest.raises(Unreachable):
        ask(url)


def test_a_redirect_is_not_followed_because_the_token_would_go_elsewhere() -> None:
    with (
        fake_service((307, {"Location": "http://127.0.0.1:9/queue"}, b"")) as (client, service),
        pytest.raises(ServiceError) as refusal,
    ):
        client.queue()
    assert refusal.value.status == 307
    assert len(service.requests) == 1


def test_a_connection_stays_open_and_is_not_used_after_a_long_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(Server()) as server, Client(f"http://127.0.0.1:{server.server_port}") as client:
        for _ in range(3):
            client.queue()
        assert server.connections == 1
        monkeypatch.setattr(transport, "CONNECTION_IDLE_S", 0.0)
        client.queue()
        assert server.connections == 2


def test_threads_share_a_client() -> None:
    with serving(Server()) as server:
        client = Client(f"http://127.0.0.1:{server.server_port}")
        with ThreadPoolExecutor(16) as pool:
            assert list(pool.map(lambda _: client.queue(), range(100))) == [QUEUE] * 100
        assert server.connections <= 16
        client.close()


def test_a_fork_opens_connections_of_its_own() -> None:
    with serving(Server()) as server, Client(f"http://127.0.0.1:{server.server_port}") as client:
        client.queue()
        child = multiprocessing.get_context("fork").Process(target=client.queue)
        child.start()
        child.join(30)
        assert child.exitcode == 0
        client.queue()
        assert server.connections == 2


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "until-the-end"])
def test_lines_of_a_stream_come_at_once(chunked: bool) -> None:
    text = 'data: {"a":"é\u2028"}'
    read = threading.Event()

    def serve(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            peer.recv(65536)
            head = b"Transfer-Encoding: chunked\r\n" if chunked else b"Connection: close\r\n"
            peer.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
            for piece in ((text + "\r\n").encode()[:12], (text + "\r\n").encode()[12:], b"\nrest"):
                peer.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            assert read.wait(30), "the client waits for the end of the stream"
            if chunked:
                peer.sendall(b"0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        connection = Connection(f"http://127.0.0.1:{listener.getsockname()[1]}", None, 5)
        lines = connection.follow("/events", "text/event-stream", lambda: ({}, {}))
        assert [next(lines), next(lines)] == [text, ""]
        read.set()
        assert next(lines) == "rest"
        thread.join()
        lines.close()  # type: ignore[attr-defined]
        connection.close()


def test_a_refused_stream_has_the_words_of_the_service() -> None:
    with fake_service(error_reply(404, "not_found", "no such thing")) as (client, _):
        lines = client._connection.follow("/x", "text/plain", lambda: ({}, {}))
        with pytest.raises(ServiceError, match="no such thing"):
            next(lines)


def test_a_compressed_answer_is_read() -> None:
    import gzip

    status, headers, content = json_reply(QUEUE)
    packed = (status, {**headers, "Content-Encoding": "gzip"}, gzip.compress(content))
    with fake_service(packed) as (client, service):
        assert client.queue() == QUEUE
    assert service.requests[0].headers["Accept-Encoding"] == "gzip, deflate"
