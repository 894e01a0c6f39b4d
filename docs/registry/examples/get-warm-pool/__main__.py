import pulumi
import pulumi_nullspace as nullspace

pool = nullspace.get_warm_pool_output(name="web")
spare = nullspace.WarmPool("spare",
    name="web-spare",
    template=pool.template,
    min_ready=1,
    max_ready=pool.max_ready)
