import pulumi
import pulumi_nullspace as nullspace

pool = nullspace.get_warm_pool_output(name="web")
pulumi.export("ready", pool.ready)
