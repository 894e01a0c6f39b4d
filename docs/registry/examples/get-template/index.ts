import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const stable = nullspace.getTemplateOutput({
    template: "acme/base:stable",
});
export const buildId = stable.apply(stable => stable.buildId);
