# Runs a Pulumi program outside of Pulumi, and prints the type of each resource that it declares.
import asyncio
import runpy
import sys

import pulumi


class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        outputs = {"template": "web", "buildId": "tb_1"}
        print(args.typ)
        return [f"{args.name}-id", {**outputs, **args.inputs, "outputs": outputs}]

    def call(self, args):
        return {}


asyncio.set_event_loop(asyncio.new_event_loop())
pulumi.runtime.set_mocks(Mocks(), project="project", stack="dev", preview=False)
for key in ["europeKey", "downloadToken", "apiToken", "baseImage"]:
    pulumi.runtime.config.set_config(f"project:{key}", "x")


@pulumi.runtime.test
def run():
    runpy.run_path(sys.argv[1])


run()
