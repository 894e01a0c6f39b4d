import { isWhole } from "./sequences/support/extent.ts";
import { describeLifecycle } from "./support/lifecycle.ts";

describeLifecycle({ name: "dynamic shell", module: "pulumi-nullspace" });
// In the gate it is the plugin's executable that lives through this, in executable.test.ts.
if (isWhole) describeLifecycle({ name: "plugin shell", module: "pulumi-nullspace/native" });
