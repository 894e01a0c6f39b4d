import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const config = new pulumi.Config();
const buildId = config.require("buildId");
const production = new nullspace.TemplateTag("production", {
    template: "acme/web",
    tag: "production",
    buildId: buildId,
});
