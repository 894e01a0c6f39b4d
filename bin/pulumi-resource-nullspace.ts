#!/usr/bin/env node
import "./require-node.ts";

const { serveEngine } = await import("./serve-engine.ts");
await serveEngine(process.argv.slice(2));
