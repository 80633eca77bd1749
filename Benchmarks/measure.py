"""What the kernel says about processes and the machine: CPU time and resident memory."""

import os

from children import tree

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def process_cpu(pid):
    """Seconds of CPU (user + system) that `pid` and its descendants have used, over all of their threads.

    schedstat counts nanoseconds, where /proc/PID/stat counts ticks of 10 ms.
    """
    nanoseconds = 0
    for member in tree(pid):
        for task in os.listdir(f"/proc/{member}/task"):
            with open(f"/proc/{member}/task/{task}/schedstat") as schedstat:
                nanoseconds += int(schedstat.read().split()[0])
    return nanoseconds / 1e9


def machine_cpu():
    """Seconds of CPU that the whole machine has been busy: user, nice, system, irq and softirq (proc(5))."""
    with open("/proc/stat") as stat:
        user, nice, system, _idle, _iowait, irq, softirq = (int(word) for word in stat.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / _TICKS_PER_SECOND


def _memory(path, key):
    with open(path) as lines:
        for line in lines:
            if line.startswith(key):
                return int(line.split()[1])
    raise KeyError(f"{key} in {path}")


def resident(pid):
    """Resident memory in KiB, summed over `pid` and its descendants.

    smaps_rollup walks the page tables; VmRSS in status may lag by dozens of pages per thread.
    """
    return sum(_memory(f"/proc/{member}/smaps_rollup", "Rss:") for member in tree(pid))


def peak_resident(pid):
    """The most resident memory so far in KiB, summed over `pid` and its descendants."""
    return sum(_memory(f"/proc/{member}/status", "VmHWM:") for member in tree(pid))
