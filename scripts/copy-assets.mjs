#!/usr/bin/env node
/**
 * Puts what the service's page loads, which no compiler touches, beside what the compiler wrote.
 *
 *   node scripts/copy-assets.mjs
 */
import { cpSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SERVICE = join(dirname(dirname(fileURLToPath(import.meta.url))), "service");
cpSync(join(SERVICE, "page", "assets"), join(SERVICE, "dist", "page", "assets"), {
  recursive: true,
  filter: (path) => !path.endsWith(".json"),
});
