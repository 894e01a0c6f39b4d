# A pool by its name
pool = invoke("nullspace:index:getWarmPool", {
  name = "web"
})

output "ready" {
  value = pool.ready
}
