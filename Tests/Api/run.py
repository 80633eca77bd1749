#!/usr/bin/env python3
"""Holds the admin API of a running Martlet against its description.

Starts Martlet with two pools, backends and a few clients, checks the description (openapi-spec-validator), and lets
schemathesis make requests of it, right and wrong ones. Fails if an answer isn't as described, or if Martlet crashes or
doesn't serve in the end. All traffic stays on the loopback interface. Further arguments go to `schemathesis run`:
`--seed N` repeats a run.
"""

import argparse
import contextlib
import ctypes
import http.client
import http.server
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
POOLS = {"web": ["web-1", "web-2"], "cache": ["cache-1"]}
_PR_SET_CHILD_SUBREAPER = 36


class Failure(Exception):
    """Something isn't as it should be."""


class QuickServer(http.server.ThreadingHTTPServer):
    """Many connections come at once, and may break."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


class Backend(http.server.BaseHTTPRequestHandler):
    """Answers, and keeps the connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *_):
        pass


class Door(http.client.HTTPConnection):
    """A connection to the admin socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=40)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, target):
    """The status and the content of an answer."""
    with contextlib.closing(Door(path)) as door:
        door.request(method, target)
        answer = door.getresponse()
        return answer.status, json.loads(answer.read())


def bridge(path):
    """Lets clients that only speak TCP reach a Unix socket; gives the port."""

    def copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as door:
                door.connect(path)
                there = threading.Thread(target=copy, args=(self.request, door), daemon=True)
                there.start()
                copy(door, self.request)
                there.join()

    return serve(type("Bridge", (socketserver.ThreadingTCPServer,),
                      {"daemon_threads": True, "request_queue_size": 128}), Handler)


def serve(kind, handler):
    """Serves on a free port in threads of its own; gives the port."""
    server = kind(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def be_client(ports, stop):
    """Connects again and again, and stays for a while, so that there are sessions to list and to end."""
    while not stop.is_set():
        for port in ports:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                client.recv(4096)
                stop.wait(0.5)
        stop.wait(0.02)


def wait(what, seconds, condition):
    """Waits until a condition holds; gives what it came to."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if result := condition():
                return result
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def configure(folder):
    """Writes a configuration with backends that are there."""
    configuration = {
        "workers": 2,
        "listeners": [{"name": name, "bind": "127.0.0.1:0", "pool": name} for name in POOLS],
        "pools": [
            {"name": name, "health": {"type": "http", "interval": "500ms", "timeout": "500ms"}, "slowStart": "0s",
             "backends": [{"name": backend, "address": f"127.0.0.1:{serve(QuickServer, Backend)}"}
                          for backend in backends]}
            for name, backends in POOLS.items()],
        "admin": {"socket": f"{folder}/admin.sock", "state": f"{folder}/state"},
        # Nobody answers there: names aren't for the outside to know.
        "resolver": {"nameservers": ["127.0.0.1:9"], "timeout": "200ms"},
        "shutdown": {"drain": "1s"},
    }
    with open(f"{folder}/martlet.json", "w", encoding="utf-8") as file:
        json.dump(configuration, file)


def examine(folder, arguments):
    """Examines a process that has just been started, with clients that have nothing to do with it."""
    door, stop = f"{folder}/admin.sock", threading.Event()
    report = wait("Martlet answers", 10, lambda: ask(door, "GET", "/v1/status")[1])
    ports = [int(listener["bind"].split(":")[-1]) for listener in report["listeners"]]
    clients = [threading.Thread(target=be_client, args=(ports, stop)) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        check(folder, door, arguments)
        check_service(door)
    finally:
        stop.set()
        for client in clients:
            client.join()


def check(folder, door, arguments):
    """Has the description checked, and the process held against it."""
    port = bridge(door)
    url = f"http://127.0.0.1:{port}"
    with urllib.request.urlopen(f"{url}/v1/openapi.json", timeout=10) as answer, \
            open(f"{folder}/openapi.json", "wb") as file:
        file.write(answer.read())
    tools = os.path.dirname(sys.executable)
    subprocess.run([f"{tools}/openapi-spec-validator", f"{folder}/openapi.json"], check=True, timeout=60)
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": f"{HERE}/hooks.py"}
    command = [f"{tools}/schemathesis", "--config-file", f"{HERE}/schemathesis.toml", "run", f"{folder}/openapi.json",
               "--url", url, *arguments]
    if subprocess.run(command, cwd=folder, env=environment, timeout=200, check=False).returncode != 0:
        raise Failure("the admin API isn't as described")


def check_service(door):
    """After all that, clients are served as soon as what was changed is taken back."""
    _, answer = ask(door, "GET", "/v1/overrides")
    for override in answer["overrides"]:
        query = urllib.parse.urlencode({"pool": override["pool"], "backend": override["address"]})
        status, answer = ask(door, "DELETE", f"/v1/overrides?{query}")
        if status != 200:
            raise Failure(f"an override can't be taken back: {answer}")
    status, report = ask(door, "GET", "/v1/status")
    if status != 200 or report["overrides"]:
        raise Failure(f"the status isn't as it should be: {status}, {report['overrides']}")

    def is_served(port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
            return answer.read() == b"ok\n"

    for listener in report["listeners"]:
        wait(f"listener {listener['name']} serves", 10, lambda: is_served(int(listener["bind"].split(":")[-1])))


def children():
    """The processes that this one has to wait for."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return {int(pid) for pid in file.read().split()}


def end_all():
    """Ends the process that serves, and waits for it and for those before it, which an upgrade has left to us."""
    told, codes, end = set(), [], time.monotonic() + 15
    while left := children():
        for pid in left - told:
            os.kill(pid, signal.SIGTERM)
        told |= left
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            codes.append(os.waitstatus_to_exitcode(status))
        elif time.monotonic() < end:
            time.sleep(0.05)
        else:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            raise Failure("a process of Martlet hasn't ended")
    # 1: sessions were cut off, because the time to drain was over.
    if wrong := [code for code in codes if code not in (0, 1)]:
        raise Failure(f"processes of Martlet have ended with {wrong}")
    print(f"{len(codes)} processes of Martlet have ended as they should")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("martlet", help="the program")
    options, arguments = parser.parse_known_args()
    # Processes that upgraded ones leave behind become this one's children.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    problems = []
    with tempfile.TemporaryDirectory(prefix="martlet-api-") as folder:
        configure(folder)
        with open(f"{folder}/log", "wb") as output:
            first = subprocess.Popen([os.path.abspath(options.martlet), "run", f"{folder}/martlet.json"],
                                     stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        for step in (lambda: examine(folder, arguments), end_all):
            try:
                step()
            except (Failure, OSError, http.client.HTTPException, subprocess.SubprocessError) as error:
                problems.append(f"{type(error).__name__}: {error}")
        first.returncode = 0  # It was waited for.
        with open(f"{folder}/log", encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
    problems += [f"Martlet has crashed: {line}" for line in lines if "Fatal error" in line or "crashed" in line]
    if problems:
        sys.exit("\n".join(problems) + "\nThe end of its log:\n" + "".join(lines[-40:]))


if __name__ == "__main__":
    main()
