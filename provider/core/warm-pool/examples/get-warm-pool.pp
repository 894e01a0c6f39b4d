# A second pool of what another one has
pool = invoke("nullspace:index:getWarmPool", {
  name = "web"
})

resource "spare" "nullspace:index:WarmPool" {
  name     = "web-spare"
  template = pool.template
  minReady = 1
  maxReady = pool.maxReady
}
