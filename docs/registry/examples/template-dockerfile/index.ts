import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const web = new nullspace.Template("web", {
    name: "web",
    context: "./app",
    startCmd: "node server.js",
    readiness: {
        kind: nullspace.ReadinessKind.Http,
        port: 8080,
        path: "/healthz",
    },
    tags: [
        "default",
        "v1",
    ],
});
export const buildId = web.buildId;
