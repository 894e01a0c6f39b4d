import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace";

const config = new pulumi.Config();

// An image built from ./app, which is built again when, and only when, a file there changes.
const web = new nullspace.Template("web", {
  name: "${PROJECT}",
  context: "./app",
  buildArgs: { BASE_IMAGE: config.require("baseImage") },
  startCmd: "httpd -f -p 8080 -h /srv/www",
  readiness: { kind: "http", port: 8080, path: "/" },
  vcpus: 1,
  memoryMib: 128,
});

// Moves to each new build in one step.
const stable = new nullspace.TemplateTag("stable", { template: web.name, tag: "stable", buildId: web.buildId });

// A machine that is ready before anyone asks. An update waits until it is of the tag's build.
const pool = new nullspace.WarmPool("pool", {
  name: "${PROJECT}",
  template: stable.ref,
  versionPolicy: "track_tag",
  buildId: stable.buildId,
  minReady: 1,
  maxReady: 2,
  vcpus: 1,
  memoryMib: 128,
});

export const template = stable.ref;
export const buildId = web.buildId;
export const poolId = pool.poolId;
