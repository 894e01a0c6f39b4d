# A pool that follows a tag
resource "web" "nullspace:index:Template" {
  name    = "web"
  context = "./app"
}

resource "stable" "nullspace:index:TemplateTag" {
  template = web.name
  tag      = "stable"
  buildId  = web.buildId
}

resource "pool" "nullspace:index:WarmPool" {
  name          = "web"
  template      = stable.ref
  versionPolicy = "track_tag"
  buildId       = stable.buildId
  minReady      = 2
  maxReady      = 4
}
