import pulumi
import pulumi_nullspace as nullspace

web = nullspace.Template("web",
    name="web",
    context="./app")
stable = nullspace.TemplateTag("stable",
    template=web.name,
    tag="stable",
    build_id=web.build_id)
pool = nullspace.WarmPool("pool",
    name="web",
    template=stable.ref,
    version_policy=nullspace.VersionPolicy.TRACK_TAG,
    build_id=stable.build_id,
    min_ready=2,
    max_ready=4)
