#!/usr/bin/env python3
"""What it costs to look whom a listener lets in: one worker that lets in everybody, the same with a list of 100,000 ranges that has none of the
clients, the same with limits for each of 1,000 clients that nobody reaches, and with both.

Each is run by valgrind, which counts what is executed in user space, exactly and slowly: how much more a connection takes. With --before there is a
line more, of another program without any of it: what it costs where it isn't configured. --cpu measures time on a processor instead, in rounds, of
the kernel's part too.

    python3 Benchmarks/admission.py [--connections 5000] [--martlet .build/release/martlet] [--before PROGRAM] [--cpu] [--rounds 9]
"""

import argparse
import os
import random
import re
import statistics
import subprocess
import time

from children import free_port
from connections import Stage, cpu, turned, wait_for, write


def start(stage, name, martlet, listener, prefix):
    """Starts one; its process and its port."""
    port = free_port()
    path = write(f"{stage.folder}/{name}.json", {
        "workers": 1, "log": {"level": "error"}, "admin": "off", "listeners": [{"bind": f"127.0.0.1:{port}", **listener}],
        "pools": [{"name": "main", "backends": stage.backends, "health": {"type": "none"}}]})
    process = stage.start(*[word.replace("%n", name) for word in prefix], martlet, "run", path)
    wait_for(port)
    stage.connect(port, 500, 1)
    return process, port


def kinds(stage, options):
    ranges = random.Random(7)
    blocked = f"{stage.folder}/blocked.txt"
    with open(blocked, "w") as file:
        for _ in range(100_000):
            file.write(f"{ranges.randrange(128, 224)}.{ranges.randrange(256)}.{ranges.randrange(256)}.{ranges.randrange(256)}\n")
    listed = {"deny": {"file": blocked}}
    limited = {"limits": {"rate": "1000000/s", "perClient": {"sessions": 100_000, "rate": "1000000/s"}}}
    found = {"before": (options.before, {})} if options.before else {}
    return found | {"off": (options.martlet, {}), "list": (options.martlet, listed), "limits": (options.martlet, limited),
                    "both": (options.martlet, listed | limited)}


def by_instructions(stage, options):
    told = {}
    for name, (martlet, listener) in kinds(stage, options).items():
        # What the compiler says of its work for a debugger is more than valgrind can read.
        program = f"{stage.folder}/{name}.program"
        subprocess.run(["strip", "-o", program, martlet], check=True)
        process, port = start(stage, name, program, listener,
                              ["valgrind", "--tool=callgrind", "--separate-threads=no", f"--callgrind-out-file={stage.folder}/%n.out"])
        dumps = 0

        def executed():
            """Instructions since the last time."""
            nonlocal dumps
            subprocess.run(["callgrind_control", "-d", str(process.pid)], check=True, capture_output=True)
            dumps += 1
            path = f"{stage.folder}/{name}.out.{dumps}"
            while not (os.path.exists(path) and (match := re.search(r"^(?:summary|totals): (\d+)", open(path).read(), re.M))):
                time.sleep(0.2)
            return int(match.group(1))
        executed()
        time.sleep(10)
        rest = executed() / 10
        began = time.monotonic()
        stage.connect(port, options.connections, 2)
        told[name] = (executed() - rest * (time.monotonic() - began)) / options.connections
        process.kill()
        print(f"{name:8} {told[name]:9.0f} instructions a connection, {told[name] / next(iter(told.values())):.4f} of the first", flush=True)


def by_cpu(stage, options):
    found = {name: start(stage, name, martlet, listener, []) for name, (martlet, listener) in kinds(stage, options).items()}
    spent = {name: [] for name in found}
    for round_number in range(options.rounds):
        for name in turned(list(found), round_number):
            process, port = found[name]
            before = cpu(process.pid)
            stage.connect(port, options.connections, round_number)
            spent[name].append((cpu(process.pid) - before) / options.connections / 1000)
    first = spent[next(iter(spent))]
    for name, its in spent.items():
        ratios = [one / other for one, other in zip(its, first)]
        print(f"{name:8} {statistics.median(its):6.2f} µs of CPU a connection, {statistics.median(ratios):.3f} of the first "
              f"(median of {options.rounds}; {min(ratios):.3f}…{max(ratios):.3f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=5_000)
    parser.add_argument("--martlet", default=".build/release/martlet")
    parser.add_argument("--before")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    stage = Stage()
    try:
        (by_cpu if options.cpu else by_instructions)(stage, options)
    finally:
        stage.end()


if __name__ == "__main__":
    main()
