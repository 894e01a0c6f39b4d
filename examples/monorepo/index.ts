import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace";

const config = new pulumi.Config();
const size = { vcpus: 1, memoryMib: 128 };

// What all services need. They are built upon a build of it, not upon its name: a new one rolls them, too.
const base = new nullspace.Template("base", {
  ...size,
  name: "mono-base",
  context: "./base",
  buildArgs: { BASE_IMAGE: config.get("baseImage") ?? "busybox:stable" },
});

// Each service is its own folder on top: a change in there is of no matter to the others.
const services = ["api", "worker"].map(
  (name) =>
    new nullspace.Template(name, {
      ...size,
      name: `mono-${name}`,
      fromTemplate: pulumi.interpolate`${base.name}:${base.buildId}`,
      context: `./services/${name}`,
      steps: [{ kind: "copy", sources: ["."], dst: "/srv/" }],
      workdir: "/srv",
    }),
);

export const templates = services.map((service) => service.canonicalRef);
