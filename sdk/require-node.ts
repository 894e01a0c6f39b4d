// The first import of every entry of the library: a Node that is too old stops here, with a line that says so, and not at
// the first thing that it does not know.
import { OLDEST_NODE, tooOldNode } from "./node-version.ts";

const tooOld = tooOldNode(["pulumi-nullspace", OLDEST_NODE]);
if (tooOld !== undefined) throw new Error(tooOld);
