# A folder with a Dockerfile
resource "web" "nullspace:index:Template" {
  name     = "web"
  context  = "./app"
  startCmd = "node server.js"
  readiness = {
    kind = "http"
    port = 8080
    path = "/healthz"
  }
  tags = ["default", "v1"]
}

output "buildId" {
  value = web.buildId
}
