import pulumi
import pulumi_nullspace as nullspace

build = nullspace.get_build_output(build_id="tb_0123456789ab")
stable = nullspace.TemplateTag("stable",
    template=build.canonical_ref,
    tag="stable",
    build_id="tb_0123456789ab")
