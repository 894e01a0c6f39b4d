import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace";
import { fromImage, waitForPort } from "pulumi-nullspace/sdk";

const config = new pulumi.Config();

// What changes least comes first: as long as a step and those above it stay as they are, the builder has their result.
const source = fromImage(config.get("baseImage") ?? "python:3.12-slim", { fileContextPath: "./agent" })
  .aptInstall(["git", "jq"])
  .pipInstall(["tabulate==0.9.0"])
  // Of the files, only those that are copied count, and of them only the content.
  .copy("agent.py", "/agent/")
  .copy("tools.py", "/agent/")
  .setWorkdir("/agent")
  .setStartCmd("python3 agent.py serve", waitForPort(8000));

const agent = new nullspace.Template("agent", { name: "python-agent", source, vcpus: 1, memoryMib: 256 });

export const template = pulumi.interpolate`${agent.canonicalRef}:${agent.buildId}`;
export const buildId = agent.buildId;
