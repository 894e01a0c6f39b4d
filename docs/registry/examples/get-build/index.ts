import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const build = nullspace.getBuildOutput({
    buildId: "tb_0123456789ab",
});
export const status = build.status;
