import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const found = nullspace.getTemplatesOutput({
    namespace: "acme",
});
const first = new nullspace.TemplateAlias("first", {
    template: found.templates[0].canonicalRef,
    alias: "first",
});
