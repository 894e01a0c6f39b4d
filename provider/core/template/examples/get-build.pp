# How a build ended
build = invoke("nullspace:index:getBuild", {
  buildId = "tb_0123456789ab"
})

output "status" {
  value = build.status
}
