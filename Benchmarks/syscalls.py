"""System calls per request and per connection, counted by strace in short runs of their own.

strace slows a proxy down so much that nothing else is measured then; more events than usual may share an epoll_wait.
"""

import os
import signal
import time

from children import BenchmarkError, tree
from workloads import CONNECTIONS, Sessions, connect_ask_close


def _all_traced(pid):
    for member in tree(pid):
        for task in os.listdir(f"/proc/{member}/task"):
            with open(f"/proc/{member}/task/{task}/status") as status:
                if "TracerPid:\t0\n" in status.read():
                    return False
    return True


def _count(children, paths, pid, drive):
    """System call name to number of calls while `drive` runs."""
    summary = os.path.join(children.directory, f"strace-{time.monotonic_ns()}")
    processes = [argument for member in tree(pid) for argument in ("-p", str(member))]
    strace = children.start([paths["strace"], "-c", "-f", "-o", summary, *processes])
    limit = time.monotonic() + 5
    while not _all_traced(pid):
        if strace.poll() is not None or time.monotonic() > limit:
            children.end(strace)
            raise BenchmarkError(f"strace cannot attach: {children.output(strace)}")
        time.sleep(0.01)
    drive()
    children.end(strace, how=signal.SIGINT, patience=5)
    counts = {}
    with open(summary) as lines:
        for line in lines:
            words = line.split()
            # % time, seconds, usecs/call, calls, (errors,) syscall
            if len(words) in (5, 6) and words[3].isdigit() and words[-1] != "total":
                counts[words[-1]] = counts.get(words[-1], 0) + int(words[3])
    return counts


def count_system_calls(children, paths, setup, turns):
    """Calls by name per request on established sessions, and per connection with one request."""
    def per_unit(counts, units):
        return {name: calls / units for name, calls in sorted(counts.items(), key=lambda item: -item[1])}
    with Sessions(setup.address, CONNECTIONS) as sessions:
        requests = _count(children, paths, setup.pid, lambda: [sessions.exchange() for _ in range(turns)])
    connections = _count(children, paths, setup.pid,
                         lambda: [connect_ask_close(setup.address, CONNECTIONS) for _ in range(turns)])
    units = turns * CONNECTIONS
    return {"perRequest": per_unit(requests, units), "perConnection": per_unit(connections, units)}
