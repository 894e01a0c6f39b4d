import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const pool = nullspace.getWarmPoolOutput({
    name: "web",
});
const spare = new nullspace.WarmPool("spare", {
    name: "web-spare",
    template: pool.template,
    minReady: 1,
    maxReady: pool.maxReady,
});
