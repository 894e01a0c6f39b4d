import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace";

const config = new pulumi.Config();

// A template: an image built from a Dockerfile and the files beside it, with a program that is running when a
// machine is handed out. Its diff is a hash of ./app, so only a change in there builds again.
const web = new nullspace.Template("web", {
  name: "quickstart-web",
  context: "./app",
  buildArgs: { BASE_IMAGE: config.get("baseImage") ?? "busybox:stable" },
  startCmd: "httpd -f -p 8080 -h /srv/www",
  readiness: { kind: "http", port: 8080, path: "/" },
  vcpus: 1,
  memoryMib: 128,
});

// A tag moves to each new build in one step; who uses it never sees it missing.
const stable = new nullspace.TemplateTag("stable", {
  template: web.name,
  tag: "stable",
  buildId: web.buildId,
});

// A second name for the same template.
const alias = new nullspace.TemplateAlias("site", { template: web.name, alias: "quickstart-site" });

// Two machines that are ready before anyone asks. They follow the tag, and an update waits until they are of its build.
const pool = new nullspace.WarmPool("pool", {
  name: "quickstart",
  template: stable.ref,
  versionPolicy: "track_tag",
  buildId: stable.buildId,
  minReady: 2,
  maxReady: 3,
  vcpus: 1,
  memoryMib: 128,
});

export const template = web.canonicalRef;
export const buildId = web.buildId;
export const contextHash = web.contextHash;
export const tag = stable.ref;
export const aliasRef = alias.id;
export const poolId = pool.id;
