import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const found = nullspace.getTemplatesOutput({
    namespace: "acme",
});
export const templates = found.apply(found => found.templates);
