import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "pulumi-nullspace";

/** A stack that builds nothing: its tag points at the build of the stack before it. */
export function release(from: string) {
  const config = new pulumi.Config();
  const stack = pulumi.getStack();
  const before = new pulumi.StackReference(`${pulumi.getOrganization()}/${pulumi.getProject()}/${from}`);
  const template = before.requireOutput("template");

  // The build of the stack before, unless the stack holds another one: that is how it is rolled back.
  const main = serve(stack, template, config.get("buildId") ?? before.requireOutput("buildId"), {
    // Where the tag was when somebody reviewed this. If it has been moved since, nothing is promoted.
    expectedBuildId: config.get("expectedBuildId"),
  });

  // A build that some are to try before all have it.
  const canary = config.get("canary");
  const beside = canary === undefined ? undefined : serve(`${stack}-canary`, template, canary);

  return {
    template,
    buildId: main.tag.buildId,
    // The way back; before the first move there is none.
    previousBuildId: pulumi.all([main.tag.previousBuildId, main.tag.buildId]).apply(([last, now]) => last ?? now),
    poolId: main.pool.id,
    ...(beside === undefined ? {} : { canaryPoolId: beside.pool.id }),
  };
}

/** A tag at one build, and a pool whose machines are of the tag's build. */
function serve(
  name: string,
  template: pulumi.Input<string>,
  buildId: pulumi.Input<string>,
  guard: { expectedBuildId?: string } = {},
) {
  const tag = new nullspace.TemplateTag(name, { template, tag: name, buildId, ...guard });
  const pool = new nullspace.WarmPool(name, {
    name: `promotion-${name}`,
    template: tag.ref,
    versionPolicy: "track_tag",
    buildId: tag.buildId,
    minReady: 1,
    maxReady: 2,
    vcpus: 1,
    memoryMib: 128,
  });
  return { tag, pool };
}
