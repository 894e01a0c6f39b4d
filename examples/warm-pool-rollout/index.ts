import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace";

const config = new pulumi.Config();
const size = { vcpus: 1, memoryMib: 128 };

const web = new nullspace.Template("web", {
  ...size,
  name: "rollout-web",
  context: "./app",
  buildArgs: { BASE_IMAGE: config.get("baseImage") ?? "busybox:stable" },
  startCmd: "httpd -f -p 8080 -h /srv/www",
  readiness: { kind: "http", port: 8080, path: "/", startupGraceSecs: 0 },
});

const live = new nullspace.TemplateTag("live", { template: web.name, tag: "live", buildId: web.buildId });

// maxReady above minReady is the room for a roll-out: a machine of the new build comes up there, and only when it is
// ready an old one goes. Given the build, an update ends when the pool has rolled to it.
const pool = new nullspace.WarmPool("pool", {
  ...size,
  name: "rollout",
  template: live.ref,
  versionPolicy: "track_tag",
  buildId: live.buildId,
  minReady: 2,
  maxReady: 3,
});

export const poolId = pool.id;
export const template = live.ref;
