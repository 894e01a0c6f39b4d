# Promotion of a build that another stack has made
config "buildId" "string" {
}

resource "production" "nullspace:index:TemplateTag" {
  template = "acme/web"
  tag      = "production"
  buildId  = buildId
}
