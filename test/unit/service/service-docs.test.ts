import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  MAX_BLOB_BYTES,
  MAX_CONTEXT_BODY_BYTES,
  MAX_CONTEXT_BYTES,
  MAX_CONTEXT_ENTRIES,
  MAX_INLINE_BYTES,
} from "../../../service/blobs/blob-limits.ts";

const MIB = 1024 * 1024;

it("the page about the service names the limits of contexts that the service has", () => {
  const page = readFileSync(new URL("../../../docs/service.md", import.meta.url), "utf8");
  const limitOf = (what: string) =>
    page
      .split("\n")
      .find((line) => line.startsWith(`| ${what} `))
      ?.split("|")[2]
      ?.trim();
  expect({
    entries: limitOf("entries of a build context"),
    file: limitOf("one file of a context"),
    context: limitOf("all files of a context"),
    inline: limitOf("files inside a request"),
    body: limitOf("JSON body of a build, plan, validate or preflight"),
  }).toEqual({
    entries: MAX_CONTEXT_ENTRIES.toLocaleString("en-US"),
    file: `${MAX_BLOB_BYTES / MIB} MiB`,
    context: `${MAX_CONTEXT_BYTES / MIB / 1024} GiB`,
    inline: `${MAX_INLINE_BYTES / MIB} MiB`,
    body: `${MAX_CONTEXT_BODY_BYTES / MIB} MiB`,
  });
});
