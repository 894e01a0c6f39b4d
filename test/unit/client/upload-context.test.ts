import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { uploadContext } from "../../../sdk/client/index.ts";
import { readContext } from "../../../sdk/context/index.ts";
import type { PreflightRequest } from "../../../sdk/wire/index.ts";
import { json, scriptedServer } from "./scripted-server.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "upload-"));
  mkdirSync(join(dir, "src"));
  writeFileSync(join(dir, "Dockerfile"), "FROM busybox\nCOPY . /app\n");
  writeFileSync(join(dir, "src/app.sh"), "echo hi\n", { mode: 0o755 });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it("sends the files of a context that the service lacks, each under its digest", async () => {
  const sent = new Map<string, string>();
  await using server = await scriptedServer((request, response) => {
    if (request.method === "PUT") {
      sent.set(request.url.split("/").at(-1)!, createHash("sha256").update(request.body).digest("hex"));
      return void response.writeHead(204).end();
    }
    const { files } = JSON.parse(request.body) as PreflightRequest;
    return json(response, 200, {
      files: files.map(({ path, entry_type, sha256 }) => ({ path, entry_type, missing: true, blob_id: sha256 })),
    });
  });
  const files = await uploadContext(server.client(), await readContext({ dir }));
  expect(files.map(({ path, entry_type, mode }) => `${mode} ${entry_type} ${path}`)).toContain("0755 file src/app.sh");
  expect(files.map(({ path, entry_type }) => `${entry_type} ${path}`)).toContain("dir src");
  expect(sent.size).toBe(files.filter(({ entry_type }) => entry_type === "file").length);
  for (const [blobId, digest] of sent) expect(digest).toBe(blobId);
});

it("refuses a context with a link before it sends anything, naming the link and the way out", async () => {
  symlinkSync("src/app.sh", join(dir, "link"));
  await using server = await scriptedServer((_request, response) => json(response, 500, {}));
  const context = await readContext({ dir });
  await expect(uploadContext(server.client(), context)).rejects.toMatchObject({
    code: "unsupported_entry",
    path: "link",
    message: expect.stringContaining('symlinks: "copy"'),
  });
  expect(server.seen).toEqual([]);
});

it("says which file changed after it was hashed, and does not send it again", async () => {
  await using server = await scriptedServer((request, response) => {
    if (request.method === "PUT") return void response.writeHead(204).end();
    const { files } = JSON.parse(request.body) as PreflightRequest;
    return json(response, 200, {
      files: files.map(({ path, entry_type, sha256 }) => ({ path, entry_type, missing: true, blob_id: sha256 })),
    });
  });
  const context = await readContext({ dir });
  writeFileSync(join(dir, "src/app.sh"), "echo something else, and longer\n");
  await expect(uploadContext(server.client(), context)).rejects.toMatchObject({
    code: "file_changed",
    message: expect.stringContaining("src/app.sh"),
  });
});
