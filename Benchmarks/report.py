"""The Markdown page: medians, spread and ratios of the measurements, and the targets with what was reached."""

import os
import platform
import statistics
import sys

from proxies import GROWTH, LINKS, PROXIES, QUIET

_TITLES = {proxy.name: proxy.title for proxy in PROXIES}
_REFERENCE = "haproxy"
_NOTES = "## Notes"

# Work: heading, what is done, unit, name of the CPU per unit, its factor from seconds, name of the rate.
_LOADS = {
    "request": ("Request and reply", "64 keep-alive connections, answers of two bytes (wrk, one thread).",
                "request", "µs", 1e6, "requests/s"),
    "churn": ("Connection churn", "64 at a time: connect, one request, close (wrk, `Connection: close`).",
              "connection", "µs", 1e6, "connections/s"),
    "ping": ("Latency when nothing is busy", "One request each millisecond over one connection (latency.c).",
             "request", "µs", 1e6, "requests/s"),
    "connect": ("Latency of new connections", "One connection with one request each millisecond.",
                "connection", "µs", 1e6, "connections/s"),
    "bulk1": ("Bulk, one flow", "Files of 100 MB one after another, each over its own connection.",
              "GB", "ms", 1e3, "GB/s"),
    "bulk8": ("Bulk, eight flows", "The same, eight at a time.", "GB", "ms", 1e3, "GB/s"),
}

_RATES = {"1g": "1 Gbit/s", "4g": "4 Gbit/s", "free": "no limit"}
_WAYS = {("down", 1): "download, one flow", ("down", 8): "download, eight flows",
         ("up", 1): "upload, one flow", ("up", 8): "upload, eight flows"}
_LINK_LIMITS = {"1g": 0.55, "4g": 0.42, "free": 0.22}  # × HAProxy's CPU per GB.

# What must be reached: work, metric, proxy, the proxy it is compared with (None: an absolute limit), limit, label.
_TARGETS = [
    ("request", "cpu", "martlet", "haproxy", 0.92, "request/reply, proxy CPU against HAProxy"),
    ("churn", "cpu", "martlet", "haproxy", 0.95, "connection churn, proxy CPU against HAProxy"),
    ("bulk1", "cpu", "martlet", "haproxy", 0.35, "bulk, one flow, proxy CPU against HAProxy"),
    ("bulk8", "cpu", "martlet", "haproxy", 0.35, "bulk, eight flows, proxy CPU against HAProxy"),
    ("bulk1", "cpu", "martlet", "envoy", 0.65, "bulk, one flow, proxy CPU against Envoy"),
    ("bulk8", "cpu", "martlet", "envoy", 0.65, "bulk, eight flows, proxy CPU against Envoy"),
    ("idle", "idle", "martlet", None, 1.0, "resident KiB per idle session"),
    ("request", "p99", "martlet", "haproxy", 1.0, "request/reply, p99 latency against HAProxy"),
    ("churn", "p99", "martlet", "haproxy", 1.0, "connection churn, p99 latency against HAProxy"),
    ("ping", "p50", "martlet", "haproxy", 0.8, "one request each ms, p50 latency against HAProxy"),
    ("ping", "p99", "martlet", "haproxy", 0.8, "one request each ms, p99 latency against HAProxy"),
    ("connect", "p50", "martlet", "haproxy", 0.8, "one connection each ms, p50 latency against HAProxy"),
    ("connect", "p99", "martlet", "haproxy", 0.8, "one connection each ms, p99 latency against HAProxy"),
    *((work, "cpu", "martlet-2", "martlet", 1.10, f"two workers against one, CPU per {_LOADS[work][2]} ({work})")
      for work in ("request", "churn", "bulk1", "bulk8")),
    ("syscalls", "calls", "martlet", None, 4.0, "system calls per request besides `epoll_wait`"),
    *((work, "cpu", "martlet", "haproxy", _LINK_LIMITS[rate], f"{_WAYS[way, flows]}, link of {_RATES[rate]}, proxy CPU")
      for work, (way, flows, rate) in LINKS.items()),
]


def _value(record, metric):
    """One number of one measurement, or None where it has none."""
    if metric == "cpu":  # Seconds per unit.
        return record["proxyCPU"] / record["units"] if "proxyCPU" in record else None
    if metric == "machine":
        return record["machineCPU"] / record["units"]
    if metric == "rate":
        return record["units"] / record["seconds"]
    if metric == "idle":
        return (record["afterKiB"] - record["beforeKiB"]) / record["units"]
    if metric == "calls":
        calls = sum(calls for name, calls in record["perRequest"].items() if not name.startswith("epoll_"))
        return round(calls, 1)  # A stray timer is not a call per request.
    return record.get(metric)


class _Results:
    """The records, asked by work, proxy and metric; and the programs that could not be had."""

    def __init__(self, records, missing):
        self.records, self.missing = records, missing

    def values(self, work, proxy, metric):
        """(Round, work) to value; `work` None means any."""
        return {(record["round"], record["work"]): value for record in self.records
                if record["proxy"] == proxy and work in (None, record["work"])
                and (value := _value(record, metric)) is not None}

    def median(self, work, proxy, metric):
        values = self.values(work, proxy, metric)
        return statistics.median(values.values()) if values else None

    def ratio(self, work, metric, proxy, reference):
        """The ratio of the medians, and the least and greatest of the rounds' own ratios."""
        ours, theirs = self.values(work, proxy, metric), self.values(work, reference, metric)
        paired = [ours[key] / theirs[key] for key in ours if theirs.get(key)]
        if not paired:
            return None
        return statistics.median(ours.values()) / statistics.median(theirs.values()), min(paired), max(paired)


def _number(value):
    """About three digits, without an exponent."""
    for limit, digits in ((100, 0), (10, 1), (1, 2)):
        if abs(value) >= limit:
            return f"{value:,.{digits}f}"
    return f"{value:.3f}"


def _spread(values, factor=1):
    """Median (least – greatest)."""
    if not values:
        return "–"
    scaled = [value * factor for value in values.values()]
    middle = _number(statistics.median(scaled))
    return middle if len(scaled) == 1 else f"{middle} ({_number(min(scaled))}–{_number(max(scaled))})"


def _ratio(ratio):
    if ratio is None:
        return "–"
    middle, least, greatest = ratio
    if least == greatest:
        return f"{middle:.2f}"
    return f"{middle:.2f} ({least:.2f}–{greatest:.2f})"


def _table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _present(results, work):
    return [name for name in _TITLES if any(r["work"] == work and r["proxy"] == name for r in results.records)]


def _targets(results):
    rows = []
    for work, metric, proxy, reference, limit, label in _TARGETS:
        if reference is None:
            values = results.values(work, proxy, metric)
            reached, shown = results.median(work, proxy, metric), _spread(values)
        else:
            ratio = results.ratio(work, metric, proxy, reference)
            reached, shown = (ratio[0] if ratio else None), _ratio(ratio)
        if reached is None:
            verdict = "not measured"
        elif round(reached, 2) <= limit:
            verdict = "met"
        else:
            verdict = f"**missed** by {100 * (reached / limit - 1):.0f} %"
        rows.append([label, f"≤ {limit:.2f}", shown, verdict])
    return "## Targets\n\n" + _table(["target", "limit", "reached", ""], rows)


def _load(results, work):
    title, text, unit, scale, factor, rate = _LOADS[work]
    latency = work in ("request", "churn", "ping", "connect")
    head = ["", f"proxy CPU, {scale}/{unit}", "× HAProxy", f"machine CPU, {scale}/{unit}", rate]
    rows = []
    for proxy in _present(results, work):
        row = [_TITLES[proxy], _spread(results.values(work, proxy, "cpu"), factor),
               _ratio(results.ratio(work, "cpu", proxy, _REFERENCE)),
               _spread(results.values(work, proxy, "machine"), factor), _spread(results.values(work, proxy, "rate"))]
        if latency:
            row += [_spread(results.values(work, proxy, "p50")), _spread(results.values(work, proxy, "p99"))]
        rows.append(row)
    head += ["p50, ms", "p99, ms"] * latency
    rows += [[proxy.title, "not installed"] + ["–"] * (len(head) - 2)
             for proxy in PROXIES if proxy.program in results.missing]
    text = f"## {title}\n\n{text}\n\n" + _table(head, rows)
    errors = {_TITLES[proxy]: count for proxy in _present(results, work)
              if (count := sum(results.values(work, proxy, "errors").values()))}
    if errors:
        text += "\nFailed requests: " + ", ".join(f"{name} {count}" for name, count in errors.items()) + ".\n"
    return text


def _links(results):
    text = ("## Links with a rate\n\nThe backends in a network namespace, behind a pair of virtual interfaces that `tc` "
            "gives a rate (links.py). Downloads as above; uploads by iperf3. Proxy CPU in ms/GB, in brackets × HAProxy, "
            "and GB/s.\n")
    for rate, name in _RATES.items():
        works = [work for work, (_, _, of) in LINKS.items() if of == rate and _present(results, work)]
        if not works:
            continue
        rows = []
        for proxy in dict.fromkeys(proxy for work in works for proxy in _present(results, work)):
            row = [_TITLES[proxy]]
            for work in works:
                cpu, ratio = results.median(work, proxy, "cpu"), results.ratio(work, "cpu", proxy, _REFERENCE)
                speed = results.median(work, proxy, "rate")
                shown = f"{_number(1e3 * cpu)} ({ratio[0]:.2f})" if cpu is not None and ratio else "–"
                row.append(f"{shown}, {_number(speed)}" if speed is not None else "–")
            rows.append(row)
        text += f"\n### {name[0].upper()}{name[1:]}\n\n" + _table(["", *(_WAYS[LINKS[work][:2]] for work in works)], rows)
    return text


def _constant(results):
    rows = []
    columns = {"nothing, no session": ("quiet0", 1e3), "nothing, 5,000 silent sessions": ("quiet5000", 1e3),
               "connection, 1 backend": ("grow-backends1", 1e6), "connection, 1,000 backends": ("grow-backends1000", 1e6),
               "request, 10 sessions": ("grow-sessions10", 1e6), "request, 9,000 sessions": ("grow-sessions9000", 1e6)}
    for proxy in _present(results, "quiet0"):
        rows.append([_TITLES[proxy], *(_spread(results.values(work, proxy, "cpu"), factor)
                                       for work, factor in columns.values())])
    return ("## What it costs to have many\n\nProxy CPU: in silence ms for each second, else µs for each connection or "
            "request. Of 9,000 sessions each has one request under way all the time; opening them is part of it.\n\n" + _table(["", *columns], rows))


def _idle(results, plan):
    rows = [[_TITLES[proxy], _spread(results.values("idle", proxy, "idle")),
             _spread(results.values("idle", proxy, "beforeKiB"), 1 / 1024),
             _spread(results.values("idle", proxy, "afterKiB"), 1 / 1024)] for proxy in _present(results, "idle")]
    return (f"## Idle sessions\n\n{plan['idle_sessions']:,} sessions that did one request and stay open in silence.\n\n"
            + _table(["", "KiB/session", "resident before, MiB", "resident with them, MiB"], rows))


def _start(results):
    head = ["", "accepts, ms", "answers, ms", "at rest, MiB"]
    works = [work for work in _LOADS if _present(results, work)]
    rows = []
    for proxy in _TITLES:
        if accepts := results.values(None, proxy, "acceptSeconds"):
            rows.append([_TITLES[proxy], _spread(accepts, 1e3),
                         _spread(results.values(None, proxy, "answerSeconds"), 1e3),
                         _spread(results.values(None, proxy, "restingKiB"), 1 / 1024),
                         *(_spread(results.values(work, proxy, "peakKiB"), 1 / 1024) for work in works)])
    return ("## Start and memory\n\nFrom exec until the port accepts and until the first answer came through. "
            "Memory: resident, of all processes: 0.1 s after that answer, and the peak of each workload.\n\n"
            + _table(head + [f"peak {work}, MiB" for work in works], rows))


def _system_calls(results):
    def calls(counts):
        shown = [f"{name} {calls:.2f}" for name, calls in counts.items() if calls >= 0.005]
        return f"{sum(counts.values()):.2f}", ", ".join(shown)
    rows = []
    for record in results.records:
        if record["work"] == "syscalls":
            for unit, key in (("request", "perRequest"), ("connection", "perConnection")):
                rows.append([_TITLES[record["proxy"]], unit, *calls(record[key])])
    return ("## System calls\n\nCounted by `strace -c -f` in short runs of their own: per request on 64 open sessions, "
            "and per connection with one request, 64 at a time.\n\n"
            + _table(["", "per", "calls", "of which"], sorted(rows, key=lambda row: row[1], reverse=True)))


def _edges(results):
    rounds, connections = results["plan"]["edges"]
    return ("## The edges\n\nWhat stands at the edges switched on, one at a time (edges.py): proxy CPU a connection, one request each, read to its end; all "
            f"side by side before the same four servers, {rounds} rounds of {connections:,} connections. *To itself* is against the same proxy with nothing switched on "
            "(SNI routing: with the same hello, not looked at).\n\n" + results["edges"])


def machine():
    """The machine that was measured on."""
    with open("/proc/cpuinfo") as lines:
        names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    model = names[0] if names else platform.machine()
    with open("/proc/meminfo") as lines:
        memory = int(lines.readline().split()[1]) / 1024 / 1024
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, {system}, Linux {platform.release()}"


def _method(results):
    plan = results["plan"]
    versions = ", ".join(f"{program} {version}" for program, version in results["versions"].items())
    missing = "".join(f"\nNot measured: {reason}.\n" for reason in results["missing"].values())
    return f"""# Performance

Written by `{results['command']}` in {results['minutes']:.0f} minutes.

- Machine: {results['machine']}.
- Versions: {versions}.
- Clients, proxy and backends share this machine and its loopback; nothing else should run on it.
- Every proxy: TCP mode, one worker (where not said otherwise), no access log, no health checks, round robin over the
  same two backends (nginx, one process each). Proxy and backends are started anew for every measurement.
  Direct means the clients at one backend.
- {plan['rounds']} round(s); each takes all proxies in turn and begins with another one. A measurement lasts
  {plan['wrk'][1]} s (bulk {plan['bulk'][1]} s) after {plan['wrk'][0]} s (bulk {plan['bulk'][0]} s) of warm-up.
- Shown: median (least–greatest); ratios: of the medians (least–greatest of the rounds' own ratios).
- Proxy CPU: user and system time of all threads of all processes of the proxy, from `/proc/PID/task/*/schedstat`.
  Machine CPU: everything that was busy, from `/proc/stat`; it includes clients and backends.
- Latency: from the first byte of a request to the last of its answer, at full load. Bulk clients discard inside the
  kernel (`MSG_TRUNC`), so that they take little from the CPU that the proxies need. 1 GB = 10⁹ bytes.
{missing}"""


def _like(work):
    """The work whose units another one has."""
    if work in LINKS:
        return "bulk1"
    return ("churn" if "backends" in work else "request") if work in GROWTH else work


def brief(record):
    """One measurement in a few words, for the terminal."""
    work = record["work"]
    if work == "idle":
        return f"{_number(_value(record, 'idle'))} KiB/session"
    if work in QUIET:
        return f"{_number(1e3 * _value(record, 'cpu'))} ms/s"
    if work == "syscalls":
        request, connection = sum(record["perRequest"].values()), sum(record["perConnection"].values())
        return f"{request:.2f} calls/request, {connection:.2f} calls/connection"
    _, _, unit, scale, factor, rate = _LOADS[_like(work)]
    cpu = _value(record, "cpu")
    parts = [f"{_number(cpu * factor)} {scale}/{unit}"] if cpu is not None else []
    parts += [f"machine {_number(_value(record, 'machine') * factor)}", f"{_number(_value(record, 'rate'))} {rate}"]
    parts += [f"p99 {_number(record['p99'])} ms"] if "p99" in record else []
    parts += [f"{record['errors']} errors"] if record["errors"] else []
    return ", ".join(parts)


def _kept_notes(path):
    """The hand-written end of an earlier page: it explains the numbers, and outlives them."""
    try:
        with open(path) as file:
            _, heading, notes = file.read().partition(f"\n{_NOTES}\n")
            return f"{_NOTES}\n{notes}" if heading else ""
    except FileNotFoundError:
        return ""


def write(results, path):
    """Writes the page to `path`, or to standard output for '-'; keeps what follows the heading '## Notes' there."""
    measured = _Results(results["records"], results["missing"])
    sections = [_method(results), _targets(measured)]
    sections += [_load(measured, work) for work in _LOADS if _present(measured, work)]
    if any(_present(measured, work) for work in LINKS):
        sections.append(_links(measured))
    if _present(measured, "quiet0"):
        sections.append(_constant(measured))
    if _present(measured, "idle"):
        sections.append(_idle(measured, results["plan"]))
    sections.append(_start(measured))
    if _present(measured, "syscalls"):
        sections.append(_system_calls(measured))
    if results["edges"]:
        sections.append(_edges(results))
    if path == "-":
        sys.stdout.write("\n".join(sections))
        return
    if notes := _kept_notes(path):
        sections.append(notes)
    if os.path.dirname(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("\n".join(sections))
    print(f"written to {path}", file=sys.stderr)
