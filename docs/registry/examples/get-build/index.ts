import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const build = nullspace.getBuildOutput({
    buildId: "tb_0123456789ab",
});
const stable = new nullspace.TemplateTag("stable", {
    template: build.canonicalRef,
    tag: "stable",
    buildId: "tb_0123456789ab",
});
