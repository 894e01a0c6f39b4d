#!/usr/bin/env node
import { tooOldNode } from "pulumi-nullspace/node-version";
import { OLDEST_NODE } from "../oldest-node.ts";
import { takeSmallHeap } from "./small-heap.ts";

const tooOld = tooOldNode(["nullspace-local", OLDEST_NODE]);
if (tooOld === undefined) {
  if (process.argv[2] === "serve") takeSmallHeap();
  // Not before: a Node without `node:sqlite` could not even load the service.
  const { runProgram } = await import("./run-program.ts");
  await runProgram();
} else {
  process.stderr.write(`${tooOld}\n`);
  process.exitCode = 1;
}
