import pulumi
import pulumi_nullspace as nullspace

web = nullspace.Template("web",
    name="web",
    context="./app",
    start_cmd="node server.js",
    readiness={
        "kind": nullspace.ReadinessKind.HTTP,
        "port": 8080,
        "path": "/healthz",
    },
    tags=[
        "default",
        "v1",
    ])
pulumi.export("buildId", web.build_id)
