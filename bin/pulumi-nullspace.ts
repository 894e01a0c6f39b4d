#!/usr/bin/env node
import "./require-node.ts";

const { runProgram } = await import("./cli/run-program.ts");
process.exitCode = await runProgram(process.argv);
