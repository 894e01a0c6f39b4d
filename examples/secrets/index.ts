import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace";

const config = new pulumi.Config();

const app = new nullspace.Template("app", {
  name: "secrets-app",
  context: "./app",
  buildArgs: { BASE_IMAGE: config.get("baseImage") ?? "busybox:stable" },
  // For the build alone: the Dockerfile mounts it, no layer of the image holds it, and the service forgets it.
  buildSecrets: { "download-token": config.requireSecret("downloadToken") },
  // For machines: the service has to keep it, because it starts them with it.
  env: { API_TOKEN: config.requireSecret("apiToken") },
  vcpus: 1,
  memoryMib: 128,
});

export const template = app.canonicalRef;
export const buildId = app.buildId;
