import { expect, it } from "vitest";
import { notesOf } from "../../../scripts/release-notes.mjs";

const CHANGELOG = `# Changelog

## Unreleased

### Added

- new

## [1.10.0] - 2026-02-01

### Fixed

- ten

## 1.1.0 - 2026-01-31

- one
`;

it("the notes of a release are its own part of the changelog, to the next heading", () => {
  expect(notesOf(CHANGELOG, "1.1.0")).toBe("- one");
  expect(notesOf(CHANGELOG, "1.10.0")).toBe("### Fixed\n\n- ten");
  expect(notesOf(CHANGELOG, "Unreleased")).toBe("### Added\n\n- new");
  expect(notesOf(CHANGELOG, "1.1")).toBeUndefined();
});
