import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace/native";
import { fromImage, waitForPort } from "pulumi-nullspace/sdk";

const image = new pulumi.Config().get("baseImage") ?? "busybox:stable";
const size = { vcpus: 1, memoryMib: 128 };

// What was written for the SDK is what the Template takes: the same builder.
const source = fromImage(image, { fileContextPath: "../app" })
  .copy("www/", "/srv/www/")
  .setStartCmd("httpd -f -p 8080 -h /srv/www", waitForPort(8080));

const web = new nullspace.Template("web", { ...size, name: "old-web", source });
const stable = new nullspace.TemplateTag("stable", { template: web.name, tag: "stable", buildId: web.buildId });
new nullspace.WarmPool("pool", {
  ...size,
  name: "old-web",
  template: stable.ref,
  versionPolicy: "track_tag",
  minReady: 1,
  maxReady: 2,
});

export const buildId = web.buildId;
