import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const config = new pulumi.Config();
const npmToken = config.require("npmToken");
const registryPassword = config.require("registryPassword");
const web = new nullspace.Template("web", {
    name: "web",
    context: "./app",
    buildSecrets: {
        "npm-token": npmToken,
    },
    registryAuth: [{
        registry: "registry.example.com",
        auth: {
            kind: nullspace.AuthKind.Basic,
            username: "ci",
            password: registryPassword,
        },
    }],
    rebuildOnSecretChange: true,
});
