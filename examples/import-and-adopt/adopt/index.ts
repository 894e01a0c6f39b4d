import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace";
import { fromImage, waitForPort } from "pulumi-nullspace/sdk";

const image = new pulumi.Config().get("baseImage") ?? "busybox:stable";
const size = { vcpus: 1, memoryMib: 128 };
// Only looked at when a resource is created: once the stack has it, the line may go.
const adopt = true;

const source = fromImage(image, { fileContextPath: "../app" })
  .copy("www/", "/srv/www/")
  .setStartCmd("httpd -f -p 8080 -h /srv/www", waitForPort(8080));

const web = new nullspace.Template("web", { ...size, name: "new-web", source, adopt });
const stable = new nullspace.TemplateTag("stable", { template: web.name, tag: "stable", buildId: web.buildId, adopt });
new nullspace.WarmPool("pool", {
  ...size,
  name: "new-web",
  template: stable.ref,
  versionPolicy: "track_tag",
  minReady: 1,
  maxReady: 2,
  adopt,
});

export const buildId = web.buildId;
