import pulumi
import pulumi_nullspace as nullspace

config = pulumi.Config()
npm_token = config.require("npmToken")
registry_password = config.require("registryPassword")
web = nullspace.Template("web",
    name="web",
    context="./app",
    build_secrets={
        "npm-token": npm_token,
    },
    registry_auth=[{
        "registry": "registry.example.com",
        "auth": {
            "kind": nullspace.AuthKind.BASIC,
            "username": "ci",
            "password": registry_password,
        },
    }],
    rebuild_on_secret_change=True)
