# The build that a tag stands for
stable = invoke("nullspace:index:getTemplate", {
  template = "acme/base:stable"
})

output "buildId" {
  value = stable.buildId
}
