import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace";

const config = new pulumi.Config();
const stack = pulumi.getStack();

interface Build {
  template: pulumi.Input<string>;
  buildId: pulumi.Input<string>;
}

/** Builds the template from ./app: in dev, and in the trial of a pull request. */
function build(): Build {
  const web = new nullspace.Template("web", {
    name: "pull-request-web",
    context: "./app",
    buildArgs: { BASE_IMAGE: config.get("baseImage") ?? "busybox:stable" },
    startCmd: "httpd -f -p 8080 -h /srv/www",
    readiness: { kind: "http", port: 8080, path: "/" },
    vcpus: 1,
    memoryMib: 128,
  });
  return { template: web.canonicalRef, buildId: web.buildId };
}

/** Takes a build that another stack has made, and builds nothing: the one that is asked for, else that stack's newest. */
function promote(from: string): Build {
  const source = new pulumi.StackReference(from);
  return {
    template: source.requireOutput("template"),
    buildId: config.get("buildId") || source.requireOutput("buildId"),
  };
}

const from = config.get("promoteFrom");
const chosen = from === undefined ? build() : promote(from);

// Each stack has its tag: `dev` moves with every merge, `production` when somebody promotes. With `expectedBuildId` it
// moves only from where the reviewer has seen it.
const tag = new nullspace.TemplateTag("tag", {
  template: chosen.template,
  tag: stack,
  buildId: chosen.buildId,
  expectedBuildId: config.get("expectedBuildId") || undefined, // "": there is no tag yet
});

// Machines of the tag's build that are ready before anyone asks. An update waits until the pool has rolled.
const pool = new nullspace.WarmPool("pool", {
  name: `pull-request-${stack}`,
  template: tag.ref,
  versionPolicy: "track_tag",
  buildId: tag.buildId,
  minReady: 1,
  maxReady: 2,
  vcpus: 1,
  memoryMib: 128,
});

export const template = chosen.template;
export const buildId = tag.buildId;
export const ref = tag.ref;
export const poolId = pool.id;
