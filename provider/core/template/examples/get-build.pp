# A release of a build, whatever its template is
build = invoke("nullspace:index:getBuild", {
  buildId = "tb_0123456789ab"
})

resource "stable" "nullspace:index:TemplateTag" {
  template = build.canonicalRef
  tag      = "stable"
  buildId  = "tb_0123456789ab"
}
