#!/usr/bin/env python3
"""Renders the man page martlet(1) from what the program says of its own command line.

  martlet --experimental-dump-help | manual.py VERSION DATE > martlet.1

Nothing about a command is written here. The help's own sections (a line in capitals) become sections of the page, and what
is indented there stays as it is. The plugin of swift-argument-parser isn't used: it builds the program a second time, takes
the date from the clock, and runs the sections together.
"""

import json
import re
import sys

HEADING = re.compile(r"[A-Z][A-Z ]+")


def escape(text):
    """Text as roff shows it: nothing in it is a request, and hyphens are those that one can type."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    text = text.replace("^", "\\(ha").replace("~", "\\(ti")
    return "\n".join("\\&" + line if line.startswith(".") else line for line in text.split("\n"))


def prose(text):
    """Paragraphs to be filled; lines that are indented stay lines."""
    if not text.strip():
        return ""
    lines = []
    verbatim = False
    for line in text.strip("\n").split("\n"):
        if line.startswith("  ") != verbatim and line:
            verbatim = not verbatim
            lines.append(".PP\n.EX" if verbatim else ".EE\n.PP")
        if line:
            lines.append(escape(line[2:] if verbatim else line))
        else:
            lines.append("" if verbatim else ".PP")
    if verbatim:
        lines.append(".EE")
    page = "\n".join(lines)
    return re.sub(r"\n+\.EE", "\n.EE", re.sub(r"(\.PP\n)+", ".PP\n", page))


def sections(discussion):
    """The discussion's parts as pairs of heading and text; the first has no heading."""
    parts = [(None, [])]
    for line in discussion.split("\n"):
        if HEADING.fullmatch(line):
            parts.append((line, []))
        else:
            parts[-1][1].append(line)
    return [(heading, "\n".join(lines)) for heading, lines in parts]


def spelled(name):
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def value(argument):
    return "\\fI%s\\fR" % escape(argument.get("valueName", "value"))


def usage(argument):
    """An argument in the synopsis: the preferred name, what it takes, and whether it may be left out or repeated."""
    if argument["kind"] == "positional":
        text = value(argument)
    else:
        text = "\\fB%s\\fR" % escape(spelled(argument["preferredName"]))
        if argument["kind"] == "option":
            text += "\\ " + value(argument)
    if argument.get("isOptional"):
        text = "[%s]" % text
    return text + ("\\ .\\|.\\|." if argument.get("isRepeating") else "")


def description(argument):
    """An argument with all its names, and what the help says of it."""
    if argument["kind"] == "positional":
        title = value(argument)
    else:
        title = ", ".join("\\fB%s\\fR" % escape(spelled(name)) for name in argument["names"])
        if argument["kind"] == "option":
            title += " " + value(argument)
    text = argument.get("abstract", "")
    if argument.get("discussion"):
        text += "\n\n" + argument["discussion"]
    if argument.get("allValues"):
        text += "\n\nOne of " + ", ".join(argument["allValues"]) + "."
    if argument.get("defaultValue"):
        text += "\n\nDefault: " + argument["defaultValue"]
    return ".TP\n%s\n%s" % (title, prose(text).replace(".PP\n", ".IP\n"))


def shown(items):
    return [item for item in items or [] if item.get("shouldDisplay", True)]


def commands(command, names, inherited):
    """Every command below this one that does something itself: its words, its own arguments, and the command."""
    for child in shown(command.get("subcommands")):
        path = names + [child["commandName"]]
        own = [a for a in shown(child.get("arguments")) if a not in inherited]
        if own or not shown(child.get("subcommands")):
            yield path, own, child
        yield from commands(child, path, inherited)


def page(root, version, date):
    name = root["commandName"]
    options = shown(root.get("arguments"))
    everything = list(commands(root, [name], options))
    introduction, *rest = sections(root.get("discussion", ""))

    yield '.TH %s 1 "%s" "%s %s" "User Commands"' % (name.upper(), date, name, version)
    # No hyphenation, ragged right: names stay whole.
    yield ".nh\n.ad l"
    yield ".SH NAME\n%s \\- %s" % (name, escape(root["abstract"].rstrip(".")))
    yield ".SH SYNOPSIS"
    for path, own, _ in everything:
        yield ".HP\n\\fB%s\\fR %s" % (escape(" ".join(path)), " ".join(map(usage, own)))
    yield ".HP\n\\fB%s\\fR %s" % (escape(name), " ".join(map(usage, options)))
    yield ".SH DESCRIPTION\n" + prose(introduction[1])
    yield ".SH OPTIONS\nEvery command takes these too.\n" + "\n".join(map(description, options))
    yield ".SH COMMANDS"
    for path, own, command in everything:
        yield ".SS %s" % escape(" ".join(path[1:]))
        yield escape(command.get("abstract", ""))
        for heading, text in sections(command.get("discussion", "")):
            if heading:
                yield ".PP\n\\fB%s\\fR" % escape(heading)
            if text.strip():
                yield ".PP"
            yield prose(text)
        yield from map(description, own)
    for heading, text in rest:
        yield ".SH %s\n%s" % (escape(heading), prose(text))


if __name__ == "__main__":
    print("\n".join(part for part in page(json.load(sys.stdin)["command"], *sys.argv[1:]) if part))
