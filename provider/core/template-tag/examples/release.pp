# A release of a build of this stack
resource "web" "nullspace:index:Template" {
  name    = "web"
  context = "./app"
}

resource "stable" "nullspace:index:TemplateTag" {
  template = web.name
  tag      = "stable"
  buildId  = web.buildId
}

output "ref" {
  value = stable.ref
}
