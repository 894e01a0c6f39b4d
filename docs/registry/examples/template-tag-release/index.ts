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
export const ref = stable.ref;
