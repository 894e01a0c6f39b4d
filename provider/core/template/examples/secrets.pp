# Secrets of a build, and a private registry
config "npmToken" "string" {
}

config "registryPassword" "string" {
}

resource "web" "nullspace:index:Template" {
  name    = "web"
  context = "./app"
  buildSecrets = {
    "npm-token" = npmToken
  }
  registryAuth = [{
    registry = "registry.example.com"
    auth = {
      kind     = "basic"
      username = "ci"
      password = registryPassword
    }
  }]
  rebuildOnSecretChange = true
}
