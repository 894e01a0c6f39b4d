import pulumi
import pulumi_nullspace as nullspace

config = pulumi.Config()

# An image built from ./app, which is built again when, and only when, a file there changes.
web = nullspace.Template("web",
    name="${PROJECT}",
    context="./app",
    build_args={"BASE_IMAGE": config.require("baseImage")},
    start_cmd="httpd -f -p 8080 -h /srv/www",
    readiness={"kind": "http", "port": 8080, "path": "/"},
    vcpus=1,
    memory_mib=128)

# Moves to each new build in one step.
stable = nullspace.TemplateTag("stable",
    template=web.name,
    tag="stable",
    build_id=web.build_id)

# A machine that is ready before anyone asks. An update waits until it is of the tag's build.
pool = nullspace.WarmPool("pool",
    name="${PROJECT}",
    template=stable.ref,
    version_policy="track_tag",
    build_id=stable.build_id,
    min_ready=1,
    max_ready=2,
    vcpus=1,
    memory_mib=128)

pulumi.export("template", stable.ref)
pulumi.export("buildId", web.build_id)
pulumi.export("poolId", pool.pool_id)
