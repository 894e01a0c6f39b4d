import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const pool = nullspace.getWarmPoolOutput({
    name: "web",
});
export const ready = pool.ready;
