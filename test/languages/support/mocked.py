"""Runs a Pulumi program without an engine, and prints the tokens of what it has made and asked."""

import asyncio
import json
import runpy
import sys

import pulumi

tokens = []


class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        tokens.append(args.typ)
        # A stack has outputs that others refer to.
        outputs = {"template": "web", "buildId": "tb_0123456789ab"}
        return [f"{args.name}-id", {"outputs": outputs, **args.inputs}]

    def call(self, args):
        tokens.append(args.token)
        return {"templates": [{"canonicalRef": "acme/base"}]} if args.token.endswith("getTemplates") else {}


pulumi.runtime.set_mocks(Mocks(), project="project", stack="stack")


@pulumi.runtime.test
def program():
    runpy.run_path(sys.argv[1], run_name="__main__")


program()
print(json.dumps(tokens))
