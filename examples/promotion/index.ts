import * as pulumi from "@pulumi/pulumi";
import { build } from "./build";
import { release } from "./release";

// The stack that this one takes its build from: see Pulumi.staging.yaml and Pulumi.prod.yaml. The dev stack has none.
const from = new pulumi.Config().get("from");

// What is exported here is what the next stack reads.
export = from === undefined ? build() : release(from);
