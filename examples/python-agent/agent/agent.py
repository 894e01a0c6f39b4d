"""An agent without a model: who asks names the tool. `serve` answers on port 8000, anything else asks it."""

import inspect
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

from tabulate import tabulate

import tools

TOOLS = dict(inspect.getmembers(tools, inspect.isfunction))


class Agent(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(tabulate([[name, tool.__doc__] for name, tool in TOOLS.items()], headers=["tool", "what it does"]))

    def do_POST(self):
        text = self.rfile.read(int(self.headers["content-length"])).decode()
        self.answer(str(TOOLS[self.path.strip("/")](text)))

    def answer(self, text):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())


if sys.argv[1:] == ["serve"]:
    ThreadingHTTPServer(("", 8000), Agent).serve_forever()
elif len(sys.argv) > 1:
    print(urlopen(f"http://127.0.0.1:8000/{sys.argv[1]}", " ".join(sys.argv[2:]).encode()).read().decode())
else:
    print(urlopen("http://127.0.0.1:8000/").read().decode())
