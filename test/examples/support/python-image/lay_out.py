"""Lays out the files of an image with Python in a folder: python lay_out.py <folder>

Real: the interpreter of this machine that runs this script, its standard library, and the pip beside it.
Stand-ins: `apt-get`, which writes down what it is asked for, and the wheel of tabulate, the only package that pip finds.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile

ROOT = pathlib.Path(sys.argv[1])

#: Parts of the standard library that are large, and that nobody imports here.
LEFT_OUT = shutil.ignore_patterns(
    "test", "idlelib", "tkinter", "lib2to3", "ensurepip", "config-*", "site-packages", "dist-packages", "__pycache__",
    # Says that the system owns this Python: pip would refuse, as it does not in the image of Python's own.
    "EXTERNALLY-MANAGED",
)

APT_GET = """#!/bin/sh
case "$*" in
  update | "install -y "*) echo "$@" >> /var/log/apt-get.log ;;
  *) echo "the stand-in of apt-get does not know: $*" >&2; exit 100 ;;
esac
"""

TABULATE = '''"""A stand-in for tabulate: its plainest table."""


def tabulate(rows, headers):
    widths = [max(len(head) + 2, *(len(row[at]) for row in rows)) for at, head in enumerate(headers)]
    lines = [headers, ["-" * width for width in widths], *rows]
    return "\\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
'''

WHEEL = {
    "tabulate.py": TABULATE,
    "tabulate-0.9.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tabulate\nVersion: 0.9.0\n",
    "tabulate-0.9.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: stand-in\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "tabulate-0.9.0.dist-info/RECORD": "",
}


def copy(file):
    """Copies a program or a library to the same place, with the libraries that it is linked with."""
    target = ROOT / os.path.relpath(file, "/")
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(file, target)
    linked = subprocess.run(["ldd", file], capture_output=True, text=True).stdout
    for library in re.findall(r"(/\S+) \(0x", linked):
        copy(library)


def write(path, content, mode=0o644):
    target = ROOT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)
    target.chmod(mode)


python = os.path.realpath(sys._base_executable)
stdlib = sysconfig.get_path("stdlib")
copy(python)
shutil.copytree(stdlib, ROOT / os.path.relpath(stdlib, "/"), ignore=LEFT_OUT)
for module in pathlib.Path(stdlib, "lib-dynload").glob("*.so"):
    for library in re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", module], capture_output=True, text=True).stdout):
        copy(library)
shutil.copytree(pathlib.Path(sysconfig.get_path("purelib"), "pip"), ROOT / "opt/pip/pip")

write("usr/local/bin/python3", f'#!/bin/sh\nexec {python} "$@"\n', 0o755)
write("usr/local/bin/pip", f'#!/bin/sh\nPYTHONPATH=/opt/pip exec {python} -m pip "$@"\n', 0o755)
write("usr/local/bin/apt-get", APT_GET, 0o755)
write("var/log/apt-get.log", "")
(ROOT / "wheels").mkdir()
with zipfile.ZipFile(ROOT / "wheels/tabulate-0.9.0-py3-none-any.whl", "w") as wheel:
    for name, content in WHEEL.items():
        wheel.writestr(name, content)
