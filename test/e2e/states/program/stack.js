"use strict";

/**
 * What the next release records: every kind of resource, with what its state holds of it. Each release keeps a copy of its own
 * in the folder of its version, since a later one may not run the program of an earlier one's users otherwise.
 *
 * @param nullspace the package: either shell
 * @param prefix in front of every name
 * @param options what each resource is given beside its inputs, by its type
 */
module.exports = (nullspace, prefix, options = () => ({})) => {
  const size = { vcpus: 1, memoryMib: 64 };
  const web = new nullspace.Template(
    "web",
    {
      ...size,
      name: `${prefix}-web`,
      context: "./app",
      buildArgs: { GREETING: "hello" },
      buildSecrets: { token: "recorded-build-secret" },
      env: { MODE: "recorded" },
      startCmd: "httpd -f -p 8080 -h /srv/www",
      readiness: { kind: "http", port: 8080, path: "/" },
    },
    options("Template"),
  );
  const tools = new nullspace.Template(
    "tools",
    {
      ...size,
      name: `${prefix}-tools`,
      image: "nullspace-recorded/base:1",
      steps: [
        { kind: "run", cmd: "echo recorded > /tools" },
        { kind: "copy", sources: ["app/www"], dst: "/srv/www" },
      ],
    },
    options("Template"),
  );
  const stable = new nullspace.TemplateTag(
    "stable",
    { template: web.name, tag: "stable", buildId: web.buildId },
    options("TemplateTag"),
  );
  new nullspace.TemplateAlias("site", { template: web.name, alias: `${prefix}-site` }, options("TemplateAlias"));
  new nullspace.WarmPool(
    "pool",
    {
      ...size,
      name: prefix,
      template: stable.ref,
      versionPolicy: "track_tag",
      buildId: stable.buildId,
      minReady: 1,
      maxReady: 1,
    },
    options("WarmPool"),
  );
  return { web: web.buildId, hash: web.contextHash, tools: tools.buildId };
};
