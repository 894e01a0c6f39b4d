#!/usr/bin/env node
/**
 * Prints the notes of a version: its part of CHANGELOG.md, without the heading.
 *
 *   node scripts/release-notes.mjs 0.1.0
 *
 * Ends with 1 where there is no such part, or nothing in it.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CHANGELOG = join(dirname(dirname(fileURLToPath(import.meta.url))), "CHANGELOG.md");

/**
 * The part of a changelog in the form of Keep a Changelog that a version has.
 *
 * @param {string} changelog
 * @param {string} version as in its heading, `## 0.1.0 - 2026-01-31` or `## [0.1.0]`; `Unreleased` for what is to come
 * @returns {string | undefined} undefined where there is none
 */
export function notesOf(changelog, version) {
  const parts = changelog.split(/^## /m).slice(1);
  const part = parts.find((text) => /^\[?([^\]\s]+)/.exec(text)?.[1] === version);
  return part?.slice(part.indexOf("\n") + 1).trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [version] = process.argv.slice(2);
  const notes = version === undefined ? undefined : notesOf(readFileSync(CHANGELOG, "utf8"), version);
  if (notes) console.log(notes);
  else {
    console.error(
      version === undefined
        ? "usage: node scripts/release-notes.mjs VERSION"
        : `CHANGELOG.md says nothing of ${version}`,
    );
    process.exitCode = 1;
  }
}
