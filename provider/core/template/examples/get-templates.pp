# The templates of a namespace
found = invoke("nullspace:index:getTemplates", {
  namespace = "acme"
})

output "templates" {
  value = found.templates
}
