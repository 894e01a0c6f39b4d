// The first import of every program: what it runs is loaded after this, since a module may need a newer Node just to load.
import { OLDEST_NODE, tooOldNode } from "../sdk/node-version.ts";

const tooOld = tooOldNode(["pulumi-nullspace", OLDEST_NODE]);
if (tooOld !== undefined) {
  process.stderr.write(`${tooOld}\n`);
  process.exit(1);
}
