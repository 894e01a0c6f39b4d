# A second name for a template that somebody else makes
stable = invoke("nullspace:index:getTemplate", {
  template = "acme/base:stable"
})

resource "python" "nullspace:index:TemplateAlias" {
  template = stable.canonicalRef
  alias    = "python"
}
