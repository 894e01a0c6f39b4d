import { tooOldNode } from "pulumi-nullspace/node-version";
import { OLDEST_NODE } from "./oldest-node.ts";

// First, before anything of the service is loaded: a Node without `node:sqlite` could not even load it.
const tooOld = tooOldNode(["nullspace-local", OLDEST_NODE]);
if (tooOld !== undefined) throw new Error(tooOld);
