import pulumi
import pulumi_nullspace as nullspace

build = nullspace.get_build_output(build_id="tb_0123456789ab")
pulumi.export("status", build.status)
