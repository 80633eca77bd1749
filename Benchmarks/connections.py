"""Connections of many clients (clients.c) through proxies that run side by side, each ended as soon as it has its answer, and what the proxies
spend on them: what the small benchmarks of one feature each have in common."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

from children import free_port
from measure import process_cpu


def cpu(pid):
    """Nanoseconds on a processor, of a process and its descendants, over all threads."""
    return process_cpu(pid) * 1e9


def write(path, content):
    """Writes a file, what isn't text as JSON; its path."""
    with open(path, "w") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    return path


def wait_for(port):
    """Returns when somebody takes connections at a port."""
    deadline = time.monotonic() + 120
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def turned(names, round_number):
    """The names, beginning with another one each round, so that a slow minute of the machine meets all of them."""
    place = round_number % len(names)
    return names[place:] + names[:place]


class Stage:
    """The clients, four servers for them, and whatever else is started."""

    def __init__(self, folder=None):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.tool = f"{self.folder}/clients"
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients.c")
        subprocess.run(["cc", "-O2", "-o", self.tool, source], check=True)
        self.all = []
        self.servers = [free_port() for _ in range(4)]
        for port in self.servers:
            self.start(self.tool, "serve", str(port)).stdout.readline()

    @property
    def backends(self):
        """The servers as a configuration of Martlet names them."""
        return [f"127.0.0.1:{port}" for port in self.servers]

    def start(self, *words, **environment):
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **environment})
        self.all.append(child)
        return child

    def connect(self, port, count, seed, addresses=1000, how="ask"):
        """So many connections from some of so many addresses; with `tell` each begins with a header of the PROXY protocol, with `greet` with a hello of TLS."""
        answer = subprocess.run([self.tool, how, str(port), str(count), str(addresses), str(seed)], check=True, capture_output=True, text=True)
        if answer.stdout.strip() != "0":
            raise SystemExit(f"{answer.stdout.strip()} connections failed")

    def end(self):
        for child in self.all:
            child.terminate()
        for child in self.all:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
