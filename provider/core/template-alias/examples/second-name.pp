# A second name
resource "web" "nullspace:index:Template" {
  name    = "web"
  context = "./app"
}

resource "website" "nullspace:index:TemplateAlias" {
  template = web.name
  alias    = "website"
}
