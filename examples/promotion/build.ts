import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace";

/** The dev stack: the only one that builds. */
export function build() {
  const web = new nullspace.Template("web", {
    name: "promotion-web",
    tags: ["dev"],
    context: "./app",
    buildArgs: { BASE_IMAGE: new pulumi.Config().get("baseImage") ?? "busybox:stable" },
    startCmd: "httpd -f -p 8080 -h /srv/www",
    readiness: { kind: "http", port: 8080, path: "/" },
    vcpus: 1,
    memoryMib: 128,
  });
  return { template: web.name, buildId: web.buildId };
}
