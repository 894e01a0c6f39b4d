# An image and what is done on top of it
resource "agent" "nullspace:index:Template" {
  name    = "agent"
  image   = "python:3.12-slim"
  context = "./agent"
  steps = [
    {
      kind     = "apt_install"
      packages = ["git"]
    },
    {
      kind     = "pip_install"
      packages = ["requests==2.32.3"]
    },
    {
      kind    = "copy"
      sources = ["."]
      dst     = "/agent/"
    }
  ]
  env = {
    PYTHONUNBUFFERED = "1"
  }
  workdir   = "/agent"
  vcpus     = 2
  memoryMib = 1024
}
