import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const stable = nullspace.getTemplateOutput({
    template: "acme/base:stable",
});
const python = new nullspace.TemplateAlias("python", {
    template: stable.canonicalRef,
    alias: "python",
});
