#!/usr/bin/env python3
"""Martlet beside HAProxy, nginx stream and Envoy on this machine: the command line and the order of the measurements.

In every round each workload is run against each proxy, one after another, beginning with another proxy each time, so
that a slow minute of the machine meets all of them. Medians over the rounds go into a Markdown page (report.py).
All traffic stays on this machine. The files beside this one: tools (what is installed), children (processes),
proxies (configurations), workloads (clients), links (with a rate), measure (CPU and memory), syscalls (strace),
edges (what is switched on at the edges, with clients of its own).
"""

import argparse
import json
import os
import shlex
import signal
import sys
import tempfile
import time
from dataclasses import dataclass

import edges
import links
import report
from children import BenchmarkError, Children
from measure import machine_cpu, process_cpu, resident
from proxies import FILE_NAME, FILE_SIZE, GROWTH, LINKS, PROXIES, QUIET, Setup, make_file
from syscalls import count_system_calls
from tools import compile_client, find_tools, versions
from workloads import (CONNECTIONS, Sessions, bulk, churn, connect_ask_close, latency, raise_descriptor_limit, requests, upload,
                       wrk)

_LOADS = {"request": wrk, "churn": churn,
          "ping": latency("ping"), "connect": latency("connect"),
          **{work: churn if "backends" in work else requests(count) for work, count in GROWTH.items()},
          "bulk1": bulk(1, FILE_NAME, FILE_SIZE), "bulk8": bulk(8, FILE_NAME, FILE_SIZE),
          **{work: upload(flows) if way == "up" else bulk(flows, FILE_NAME, FILE_SIZE)
             for work, (way, flows, _) in LINKS.items()}}
_WORKS = (*_LOADS, *QUIET, "idle", "syscalls", "edges")


@dataclass
class Plan:
    """How much is measured."""

    rounds: int
    wrk: tuple  # Seconds of warm-up and of measurement; wrk takes whole ones.
    bulk: tuple
    link_rounds: int
    quiet: float  # Seconds of silence.
    idle_rounds: int
    idle_sessions: int
    settle: float  # Seconds between the last session's answer and the look at the memory.
    strace_turns: int
    edges: tuple  # Rounds, and connections in each.


_FULL = Plan(rounds=5, wrk=(1, 3), bulk=(0.5, 2),
             link_rounds=3, quiet=5, idle_rounds=3, idle_sessions=4_000, settle=1, strace_turns=40, edges=(5, 10_000))
_QUICK = Plan(rounds=1, wrk=(0, 1), bulk=(0, 1),
              link_rounds=1, quiet=2, idle_rounds=1, idle_sessions=4_000, settle=0.3, strace_turns=8, edges=(1, 1_000))


def _options():
    def names(known):
        def parse(text):
            chosen = text.split(",")
            if unknown := [name for name in chosen if name not in known]:
                raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
            return chosen
        return parse
    proxies = [proxy.name for proxy in PROXIES]
    parser = argparse.ArgumentParser(description="Measures Martlet beside its peers on this machine; see run.py.")
    parser.add_argument("--martlet", default=".build/release/martlet", metavar="PATH", help="default: %(default)s")
    parser.add_argument("--output", metavar="FILE", help="the Markdown page; '-' for standard output; default: "
                        "Docs/Performance.md for a full run, '-' for one that the options below cut short")
    parser.add_argument("--quick", action="store_true", help="one short round: does it work, not how good is it")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"default: {_FULL.rounds}")
    parser.add_argument("--only", type=names(_WORKS), default=list(_WORKS), metavar="WORK,…", help=", ".join(_WORKS))
    parser.add_argument("--proxies", type=names(proxies), default=proxies, metavar="NAME,…", help=", ".join(proxies))
    parser.add_argument("--json", metavar="FILE", help="also write every single measurement to FILE")
    options = parser.parse_args()
    full = (not options.quick and (options.rounds or _FULL.rounds) >= _FULL.rounds
            and options.only == list(_WORKS) and options.proxies == proxies)
    options.output = options.output or ("Docs/Performance.md" if full else "-")
    options.plan = _QUICK if options.quick else _FULL
    if options.rounds is not None:
        if not 1 <= options.rounds <= 50:
            parser.error("--rounds must be 1 to 50")
        options.plan.rounds = options.rounds
    return options


def _measure_load(work, setup, children, paths, plan):
    """CPU of the proxy and of the machine while a load runs, after a short warm-up."""
    load, (warm_up, seconds) = _LOADS[work], plan.bulk if work.startswith("bulk") or work in LINKS else plan.wrk
    if work in GROWTH:
        # The sessions of a warm-up might not be gone yet, and no process may have descriptors for twice as many.
        warm_up, seconds = 0, 2 * seconds
    if warm_up:
        load(children, paths, setup.address, warm_up)
    machine, proxy = machine_cpu(), process_cpu(setup.pid) if setup.pid else None
    outcome = load(children, paths, setup.address, seconds)
    outcome["machineCPU"] = machine_cpu() - machine
    if proxy is not None:
        outcome["proxyCPU"] = process_cpu(setup.pid) - proxy
    if outcome["units"] == 0:
        raise BenchmarkError("nothing was transferred")
    return outcome


def _measure_quiet(setup, sessions, plan):
    """CPU of the proxy while nothing happens."""
    with Sessions(setup.address, sessions):
        time.sleep(1.5)  # What follows from the last request isn't silence.
        before = process_cpu(setup.pid)
        time.sleep(plan.quiet)
        return {"units": plan.quiet, "seconds": plan.quiet, "proxyCPU": process_cpu(setup.pid) - before, "errors": 0}


def _measure_idle(setup, plan):
    """Resident memory of the proxy before and with thousands of sessions that have gone silent."""
    connect_ask_close(setup.address, CONNECTIONS)  # What is set up once for all sessions should not count.
    time.sleep(plan.settle)
    before = resident(setup.pid)
    with Sessions(setup.address, plan.idle_sessions):
        time.sleep(plan.settle)
        after = resident(setup.pid)
    return {"units": plan.idle_sessions, "beforeKiB": before, "afterKiB": after}


def _measure(work, proxy, children, paths, plan):
    setup = Setup(proxy, children, paths, work)
    try:
        with setup:
            if work == "idle":
                outcome = _measure_idle(setup, plan)
            elif work in QUIET:
                outcome = _measure_quiet(setup, QUIET[work], plan)
            elif work == "syscalls":
                outcome = count_system_calls(children, paths, setup, plan.strace_turns)
            else:
                outcome = _measure_load(work, setup, children, paths, plan)
    except (BenchmarkError, OSError) as error:
        raise BenchmarkError(f"{work} through {proxy.title}: {error}") from error
    return outcome | setup.facts


def _rounds(work, plan):
    """In how many of the rounds a work is measured."""
    limits = {"idle": plan.idle_rounds, "syscalls": 1, **dict.fromkeys((*LINKS, *QUIET, *GROWTH), plan.link_rounds)}
    return min(plan.rounds, limits.get(work, plan.rounds))


def _run(options, children, paths, missing):
    """All measurements as a list of records, in the order in which they were taken."""
    plan, records, start = options.plan, [], time.monotonic()
    chosen = [proxy for proxy in PROXIES if proxy.name in options.proxies and proxy.program not in missing]
    for turn in range(plan.rounds):
        for work in options.only:
            if work == "edges" or turn >= _rounds(work, plan):
                continue
            able = [proxy for proxy in chosen if work in proxy.works]
            shift = turn % len(able) if able else 0
            for proxy in able[shift:] + able[:shift]:
                record = {"round": turn + 1, "work": work, "proxy": proxy.name}
                record |= _measure(work, proxy, children, paths, plan)
                records.append(record)
                print(f"{time.monotonic() - start:4.0f} s  round {turn + 1}/{plan.rounds}  {work:8}  {proxy.name:14}  "
                      f"{report.brief(record)}", file=sys.stderr, flush=True)
    return records


def _command():
    """The command line as typed, with paths below this directory made relative to it."""
    here = os.getcwd() + os.sep
    return shlex.join(["python3", "Benchmarks/run.py", *(word.replace(here, "") for word in sys.argv[1:])])


def main():
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Unwinds, and so ends the children.
    start = time.monotonic()
    try:
        raise_descriptor_limit(2 * options.plan.idle_sessions + 1_000)
        programs = {proxy.program for proxy in PROXIES if proxy.name in options.proxies}
        paths, missing = find_tools(programs, options.martlet)
        for reason in missing.values():
            print(f"going on without: {reason}", file=sys.stderr)
        if any(work in LINKS for work in options.only) and (reason := links.is_possible()):
            missing["links"] = reason
            options.only = [work for work in options.only if work not in LINKS]
            print(f"going on without links with a rate: {reason}", file=sys.stderr)
        # In memory if possible: the disk is not what is measured.
        shared_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="martlet-bench-", dir=shared_memory) as directory:
            with Children(directory) as children:
                make_file(directory)
                paths["latency"] = compile_client(directory, paths)
                records = _run(options, children, paths, missing)
            spent = edges.measure(paths["martlet"], None, *options.plan.edges) if "edges" in options.only and "martlet" in paths else None
        results = {"command": _command(), "minutes": (time.monotonic() - start) / 60, "plan": vars(options.plan),
                   "machine": report.machine(), "versions": versions(paths), "missing": missing, "records": records,
                   "edges": spent and edges.table(*spent)}
        if options.json:
            with open(options.json, "w") as file:
                json.dump(results, file, indent=1)
        report.write(results, options.output)
    except (BenchmarkError, OSError) as error:
        sys.exit(f"benchmark: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
