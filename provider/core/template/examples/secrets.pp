# Secrets of a build, and a private registry
config "npmToken" "string" {
}

config "registryPassword" "string" {
}

resource "web" "nullspace:index:Template" {
  name    = "web"
  context = "./app"
  buildSecrets = {
    "npm-token" = secret(npmToken)
  }
  registryAuth = [{
    registry = "registry.example.com"
    auth = {
      kind     = "basic"
      username = "ci"
      password = secret(registryPassword)
    }
  }]
  rebuildOnSecretChange = true
}
