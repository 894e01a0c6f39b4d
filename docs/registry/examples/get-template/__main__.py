import pulumi
import pulumi_nullspace as nullspace

stable = nullspace.get_template_output(template="acme/base:stable")
python = nullspace.TemplateAlias("python",
    template=stable.canonical_ref,
    alias="python")
