#!/usr/bin/env python3
"""What it costs to be a node of a fleet: the CPU of a connection with and without "fleet".

Two proxies run side by side before the same four servers, one worker each. One of them is the first of three nodes, whose other two and
whose three ZooKeeper servers, if they agree by those, are there and have nothing to do. Both get the same connections, in turns; then nobody
comes. What a node does for its fleet it does on threads of its own and in so much of a second, however much there is to proxy: so both are told,
the whole by connection at this load, and what a second costs without any. At last something is agreed on again and again: a backend's weight, asked
for at a node's admin socket on a connection of its own, until the answer that it holds on all three; and how long of that it took to be in the log, as the
node tells it (martlet_fleet_append_seconds).

With --instructions both are run by valgrind instead, which counts what is executed in user space, exactly and slowly: how much more a connection takes
on the threads that it goes through, and how much a second takes without any.

    python3 Benchmarks/fleet.py [--rounds 9] [--connections 20000] [--martlet .build/release/martlet] [--engine zookeeper|embedded] [--appends 500]
        [--instructions]
"""

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import time

from children import free_port
from connections import Stage, cpu

JAR = "/usr/share/java/zookeeper.jar"


def memory(pid):
    """Resident KiB that are this process's own, with its share of what others have as well."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M).group(1))


class Nodes(Stage):
    def zookeeper(self):
        """Three servers as one ensemble; their addresses."""
        ports = [[free_port() for _ in range(3)] for _ in range(3)]
        for index, (client, _, _) in enumerate(ports):
            data = f"{self.folder}/zk{index}"
            os.mkdir(data)
            with open(f"{data}/myid", "w") as file:
                file.write(str(index + 1))
            members = "".join(f"server.{number + 1}=127.0.0.1:{peer}:{elect}\n" for number, (_, peer, elect) in enumerate(ports))
            with open(f"{data}.cfg", "w") as file:
                file.write(f"tickTime=500\ninitLimit=20\nsyncLimit=2\ndataDir={data}\nclientPort={client}\n"
                           f"clientPortAddress=127.0.0.1\nadmin.enableServer=false\n{members}")
            self.start("java", "-Xmx256m", "-XX:+UseSerialGC", "-cp", JAR, "org.apache.zookeeper.server.quorum.QuorumPeerMain", f"{data}.cfg")
        return [f"127.0.0.1:{client}" for client, _, _ in ports]


def proxies(children, martlet, prefix, engine):
    """Starts them; process and port of each, by what it is, and the processes of all nodes."""
    folder = children.folder
    with open(f"{folder}/key", "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(subprocess.run([martlet, "fleet", "key"], check=True, capture_output=True, text=True).stdout)
    fleet = {"name": "edge", "nodes": [{"name": f"lb{number}", "address": f"127.0.0.1:{free_port()}"} for number in (1, 2, 3)],
             "engine": {"type": "zookeeper", "servers": children.zookeeper()} if engine == "zookeeper" else {"type": "embedded", "preview": True}, "key": f"{folder}/key",
             "data": f"{folder}/${{MARTLET_NODE}}/data"}

    def configure(name, more):
        with open(f"{folder}/{name}.json", "w") as file:
            json.dump({"listen": "127.0.0.1:${WEB}", "workers": 1, "backends": children.backends,
                       "health": {"type": "none"}, "log": {"level": "error"},
                       "admin": {"socket": f"{folder}/${{MARTLET_NODE}}.sock", "state": f"{folder}/${{MARTLET_NODE}}.state"}, **more}, file)
        return f"{folder}/{name}.json"
    alone, together = configure("without", {}), configure("with", {"fleet": fleet})
    found = {}
    for name, node, file in [("without", "alone", alone), ("with", "lb1", together)]:
        port = free_port()
        words = [word.replace("%n", name) for word in prefix]
        found[name] = (children.start(*words, martlet, "run", file, MARTLET_NODE=node, WEB=str(port)), port)
    nodes = [found["with"][0]] + [children.start(martlet, "run", together, MARTLET_NODE=node, WEB=str(free_port())) for node in ("lb2", "lb3")]
    deadline = time.monotonic() + 120
    while True:
        answer = subprocess.run([martlet, "fleet", "status", "--json", "--socket", f"{folder}/lb1.sock"], capture_output=True, text=True)
        status = json.loads(answer.stdout) if answer.returncode == 0 else {"generation": 0, "nodes": []}
        if status["generation"] == 1 and all(node.get("generation") == 1 and node["present"] for node in status["nodes"]):
            return found, nodes
        if time.monotonic() > deadline:
            raise SystemExit(f"the fleet isn't there: {answer.stdout}{answer.stderr}")
        time.sleep(0.2)


def by_cpu(children, options):
    """Microseconds a connection, in each round; milliseconds a second without one."""
    found, nodes = proxies(children, options.martlet, [], options.engine)
    for _, port in found.values():
        children.connect(port, options.connections, 1)
    spent, rest = {name: [] for name in found}, {name: [] for name in found}
    for round_number in range(options.rounds):
        for name in sorted(found, reverse=round_number % 2 == 0):
            process, port = found[name]
            before, began = cpu(process.pid), time.monotonic()
            children.connect(port, options.connections, round_number)
            spent[name].append(((cpu(process.pid) - before) / options.connections / 1000, options.connections / (time.monotonic() - began)))
    idle = []
    for _ in range(options.rounds):
        before, began = {name: cpu(process.pid) for name, (process, _) in found.items()}, time.monotonic()
        all_before = [cpu(process.pid) for process in nodes]
        time.sleep(2)
        for name, (process, _) in found.items():
            rest[name].append((cpu(process.pid) - before[name]) / (time.monotonic() - began) / 1e6)
        idle.append([(cpu(process.pid) - start) / (time.monotonic() - began) / 1e7 for process, start in zip(nodes, all_before)])
    ratios = [with_[0] / without[0] for with_, without in zip(spent["with"], spent["without"])]
    for name in found:
        print(f"{name:8} {statistics.median(s for s, _ in spent[name]):6.2f} µs of CPU a connection, {statistics.median(r for _, r in spent[name]):6.0f} "
              f"connections a second; without any {statistics.median(rest[name]):5.2f} ms a second")
    print(f"ratio    {statistics.median(ratios):6.3f} (median of {options.rounds}; {min(ratios):.3f}…{max(ratios):.3f})")
    standing = statistics.median(rest["with"]) - statistics.median(rest["without"])
    load = statistics.median(s for s, _ in spent["without"]) * statistics.median(r for _, r in spent["without"]) / 1000
    print(f"what the fleet takes without any is {standing / load * 100:.2f} % of what that many connections take, {standing / 10:.2f} % of a processor")
    print("each node without any: " + ", ".join(f"{statistics.median(shares):.2f} % of a processor" for shares in zip(*idle)))
    used = {name: memory(process.pid) for name, (process, _) in found.items()}
    print(f"memory: {used['without'] / 1024:.1f} MiB without, {used['with'] / 1024:.1f} MiB with: {(used['with'] - used['without']) / 1024:.1f} MiB more")
    if options.appends > 0:
        by_answer(children, options.martlet, options.appends)


def by_answer(children, martlet, count):
    """How long it takes until something has its place in the log, and until it holds on all nodes."""
    body = {"pool": "main", "backend": None, "action": "weight"}
    spent = []
    for number in range(count):
        began = time.monotonic()
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(f"{children.folder}/lb2.sock")
            text = json.dumps({**body, "backend": children.backends[0], "weight": str(1 + number % 200)})
            door.sendall(f"POST /v1/overrides HTTP/1.1\r\nHost: martlet\r\nConnection: close\r\nContent-Type: application/json\r\n"
                         f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
            answer = b""
            while more := door.recv(65536):
                answer += more
        spent.append((time.monotonic() - began) * 1000)
        if not re.match(rb"HTTP/1\.1 2", answer):
            raise SystemExit(f"refused: {answer.decode()}")
    spent.sort()
    answer = subprocess.run([martlet, "fleet", "status", "--json", "--socket", f"{children.folder}/lb2.sock"], check=True, capture_output=True, text=True)
    appends = json.loads(answer.stdout)["log"]["appends"]
    within, middle = 0, sum(appends["counts"]) / 2
    for bound, held, below in zip(appends["bounds"] + [float("inf")], appends["counts"], [0] + appends["bounds"]):
        if within + held >= middle:
            median = below + (bound - below) * (middle - within) / held
            break
        within += held
    print(f"in the log, {sum(appends['counts'])} times: p50 some {median * 1000:.1f} ms, {appends['sum'] / sum(appends['counts']) * 1000:.1f} ms on average")
    print(f"agreed on, {count} times: p50 {statistics.median(spent):.1f} ms, p99 {spent[int(count * 0.99) - 1]:.1f} ms, at most {spent[-1]:.1f} ms")


def by_instructions(children, options):
    """Instructions a connection and a second, from totals at four moments."""
    # What the compiler says of its work for a debugger is more than valgrind can read.
    program = f"{children.folder}/martlet"
    subprocess.run(["strip", "-o", program, options.martlet], check=True)
    found, _ = proxies(children, program, ["valgrind", "--tool=callgrind", "--separate-threads=no", "--callgrind-out-file=" + children.folder + "/%n.out"], options.engine)
    dumps = {name: 0 for name in found}

    def executed(name):
        """Instructions since the last time."""
        subprocess.run(["callgrind_control", "-d", str(found[name][0].pid)], check=True, capture_output=True)
        dumps[name] += 1
        path = f"{children.folder}/{name}.out.{dumps[name]}"
        while not (os.path.exists(path) and (match := re.search(r"^(?:summary|totals): (\d+)", open(path).read(), re.M))):
            time.sleep(0.2)
        return int(match.group(1))
    for name, (_, port) in found.items():
        children.connect(port, 500, 1)
    told = {}
    for name, (_, port) in found.items():
        executed(name)
        began = time.monotonic()
        children.connect(port, options.connections, 2)
        load, length = executed(name), time.monotonic() - began
        began = time.monotonic()
        time.sleep(20)
        rest = executed(name) / (time.monotonic() - began)
        told[name] = ((load - rest * length) / options.connections, rest)
        print(f"{name:8} {told[name][0]:9.0f} instructions a connection, {rest / 1e6:6.3f} million a second without any")
    print(f"ratio    {told['with'][0] / told['without'][0]:.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--connections", type=int, default=20_000)
    parser.add_argument("--martlet", default=".build/release/martlet")
    parser.add_argument("--engine", choices=["zookeeper", "embedded"], default="zookeeper")
    parser.add_argument("--appends", type=int, default=500)
    parser.add_argument("--instructions", action="store_true")
    options = parser.parse_args()
    children = Nodes()
    try:
        (by_instructions if options.instructions else by_cpu)(children, options)
    finally:
        children.end()


if __name__ == "__main__":
    main()
