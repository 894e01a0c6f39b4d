import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const web = new nullspace.Template("web", {
    name: "web",
    context: "./app",
});
const stable = new nullspace.TemplateTag("stable", {
    template: web.name,
    tag: "stable",
    buildId: web.buildId,
});
const pool = new nullspace.WarmPool("pool", {
    name: "web",
    template: stable.ref,
    versionPolicy: nullspace.VersionPolicy.TrackTag,
    buildId: stable.buildId,
    minReady: 2,
    maxReady: 4,
});
