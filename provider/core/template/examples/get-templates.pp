# A second name for the first template of a namespace
found = invoke("nullspace:index:getTemplates", {
  namespace = "acme"
})

resource "first" "nullspace:index:TemplateAlias" {
  template = found.templates[0].canonicalRef
  alias    = "first"
}
