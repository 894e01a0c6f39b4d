"""Runs programs and `nullspace` commands of the published client, each in a process of its own.

Importing that client takes a second; a child of a process that has done it starts at once, and is as separate from its
siblings as any other process. Standard input holds one request a line, {"id", "program"} or {"id", "argv"}; standard
output one answer a line, {"id", "code", "stdout", "stderr"}, in the order in which they end. Ends with its input, and
its children with it.
"""

import json
import os
import selectors
import signal
import sys
import traceback

import nullspace
import nullspace._cli_doctor
import nullspace._cli_machine
import nullspace._cli_template
from nullspace.cli import main

PRELUDE = """
import asyncio, json, os, time
import nullspace
from nullspace import *
BASE = os.environ["NULLSPACE_BASE_IMAGE"]
def failure(call):
    try:
        call()
    except Exception as error:
        return [type(error).__name__, getattr(error, "code", None), str(error)]
    return None
def refused(call):
    try:
        call()
    except MachineError as error:
        return f"{type(error).__name__} {error.code}"
    return None
"""


def run(request):
    """What the child does. Returns its exit code."""
    try:
        if "argv" in request:
            sys.argv = ["nullspace", *request["argv"]]
            main()
        else:
            space = {"__name__": "__main__"}
            exec(PRELUDE, space)
            exec(compile(request["program"], "<program>", "exec"), space)
            print("\nANSWER " + json.dumps(space["answer"], default=str))
        return 0
    except SystemExit as exit:
        if exit.code is None or isinstance(exit.code, int):
            return exit.code or 0
        print(exit.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1


def start(request):
    """Forks. Returns the process and the ends of its output that are to be read."""
    out, err = os.pipe(), os.pipe()
    pid = os.fork()
    if pid != 0:
        os.close(out[1])
        os.close(err[1])
        return pid, out[0], err[0]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out[1], 1)
    os.dup2(err[1], 2)
    code = run(request)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def serve():
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    running = {}
    waiting = b""
    while True:
        for key, _ in selector.select():
            data = os.read(key.fd, 65536)
            if key.fd == 0:
                if not data:
                    return running
                *lines, waiting = (waiting + data).split(b"\n")
                for line in lines:
                    request = json.loads(line)
                    pid, *ends = start(request)
                    child = {"id": request["id"], "pid": pid, "text": {fd: b"" for fd in ends}, "open": set(ends)}
                    running[pid] = child
                    for fd in ends:
                        selector.register(fd, selectors.EVENT_READ, child)
                continue
            child = key.data
            child["text"][key.fd] += data
            if data:
                continue
            selector.unregister(key.fd)
            os.close(key.fd)
            child["open"].discard(key.fd)
            if child["open"]:
                continue
            _, status = os.waitpid(child["pid"], 0)
            del running[child["pid"]]
            stdout, stderr = (text.decode() for text in child["text"].values())
            code = os.waitstatus_to_exitcode(status)
            print(json.dumps({"id": child["id"], "code": code, "stdout": stdout, "stderr": stderr}), flush=True)


for pid in serve():
    os.kill(pid, signal.SIGKILL)
