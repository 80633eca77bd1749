"""Child processes: each is started here and ended here, by its pid, whatever happens in between."""

import itertools
import os
import signal
import socket
import subprocess
import time

# Below Linux's usual ephemeral range (32768 and up), so that no client's own port can be in the way of a listener.
_ports = itertools.count(20_000)


class BenchmarkError(Exception):
    """Something that the person at the terminal must know; printed without a traceback."""


def free_port():
    """A TCP port on 127.0.0.1 that nothing listens on and that this run has not used before.

    Never used twice, so that the TIME_WAIT sockets that one proxy leaves behind cannot weigh on the next one.
    """
    for port in _ports:
        if port > 32_000:
            raise BenchmarkError("no free port between 20000 and 32000")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def tree(pid):
    """`pid` and its descendants (nginx has a master and workers)."""
    pids = [pid]
    for parent in pids:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children") as children:
                    pids += [int(child) for child in children.read().split()]
        except OSError:
            pass  # Ended meanwhile.
    return pids


class Children:
    """All processes of a run. As a context manager it ends those that are left when the run ends or fails."""

    def __init__(self, directory):
        self.directory = directory
        self._running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # An impatient second Ctrl-C must not leave processes behind.
        for process in reversed(self._running[:]):
            self.end(process)

    def start(self, argv, **options):
        """Starts a process whose output goes to a file of its own (`process.log`), away from the terminal's Ctrl-C."""
        log = os.path.join(self.directory, f"{time.monotonic_ns()}.log")
        with open(log, "wb") as output:
            options.setdefault("stdout", output)
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=output, start_new_session=True, **options)
        process.log = log
        self._running.append(process)
        return process

    def run(self, argv, timeout):
        """Runs a command to its end and returns its standard output."""
        process = self.start(argv, stdout=subprocess.PIPE, text=True)
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise BenchmarkError(f"{argv[0]} did not end within {timeout:.0f} s") from None
        finally:
            self.end(process)
        if process.returncode != 0:
            raise BenchmarkError(f"{argv[0]} failed with {process.returncode}: {self.output(process)}{output}")
        return output

    def end(self, process, how=signal.SIGTERM, patience=1.5):
        """Ends a process and its descendants: asks first, insists after `patience` seconds."""
        pids = tree(process.pid) if process.poll() is None else []
        if pids:
            process.send_signal(how)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                for pid in reversed(pids):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                process.wait()
        if process in self._running:
            self._running.remove(process)

    def output(self, process):
        """The last lines that a process wrote, for an error message."""
        with open(process.log, errors="replace") as log:
            return "".join(log.readlines()[-8:])

    def wait_for_port(self, process, port, host="127.0.0.1", limit=10):
        """Returns when `port` accepts a connection; `limit` is in seconds."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            try:
                socket.create_connection((host, port), timeout=1).close()
                return
            except OSError:
                if process.poll() is not None:
                    break
                time.sleep(0.0005)
        raise BenchmarkError(f"{' '.join(process.args)} does not accept on port {port}:\n{self.output(process)}")
