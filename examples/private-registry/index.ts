import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace";

const config = new pulumi.Config();
const registry = config.require("registry");

const tools = new nullspace.Template("tools", {
  name: "private-tools",
  image: `${registry}/${config.get("image") ?? "team/base:1"}`,
  steps: [{ kind: "run", cmd: "echo built on a private image > /etc/motd" }],
  // Held for the one request that builds. A new password builds nothing, because the image stays the same.
  registryAuth: [
    {
      registry,
      auth: { kind: "basic", username: config.require("username"), password: config.requireSecret("password") },
    },
  ],
  vcpus: 1,
  memoryMib: 128,
});

export const template = tools.canonicalRef;
export const buildId = tools.buildId;
