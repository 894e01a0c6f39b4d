module ${PROJECT}

go 1.24

require (
	github.com/catamaran-research/pulumi-nullspace/sdk/go v0.1.0
	github.com/pulumi/pulumi/sdk/v3 v3.258.0
)
