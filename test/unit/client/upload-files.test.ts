import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { uploadFiles, type UploadEntry, type UploadProgress } from "../../../sdk/client/index.ts";
import { json, scriptedServer, type Handler } from "./scripted-server.ts";

interface Asked {
  files: { path: string; entry_type: string; sha256?: string; force_upload?: boolean }[];
}

/** Answers a preflight as a service that has the given blobs, in reverse order. */
function preflight(stored: ReadonlySet<string>): Handler {
  return (request, response) => {
    const { files } = JSON.parse(request.body) as Asked;
    const results = files.map(({ path, entry_type, sha256 }) => ({
      path,
      entry_type,
      ...(sha256 && { blob_id: `blob_${sha256.slice(0, 8)}` }),
      missing: sha256 !== undefined && !stored.has(`blob_${sha256.slice(0, 8)}`),
    }));
    json(response, 200, { files: results.reverse() });
  };
}

function file(path: string, content: string): UploadEntry {
  return {
    type: "file",
    path,
    mode: "0755",
    sizeBytes: Buffer.byteLength(content),
    sha256: createHash("sha256").update(content).digest("hex"),
    open: () => Readable.from([Buffer.from(content)]),
  };
}

const PREFLIGHT = "POST /v1/templates/blobs/preflight";

describe("uploading files", () => {
  it("sends each missing blob once, with its exact length, and answers the entries in order", async () => {
    const stored = new Set<string>();
    const answer = preflight(stored);
    await using server = await scriptedServer((request, response, attempt) => {
      if (request.method === "POST") return answer(request, response, attempt);
      stored.add(request.url.split("/").at(-1)!);
      return void response.writeHead(204).end();
    });
    const { blobs } = server.client();
    const entries = [
      { type: "dir" as const, path: "d", mode: "0755" },
      file("d/a", "same"),
      file("b", "same"),
      file("empty", ""),
    ];
    const progress: UploadProgress[] = [];
    const files = await uploadFiles(blobs, entries, { onProgress: (one) => progress.push(one) });
    const same = `blob_${createHash("sha256").update("same").digest("hex").slice(0, 8)}`;
    expect(files.map(({ path, blob_id, mode }) => [path, blob_id, mode])).toEqual([
      ["d", undefined, "0755"],
      ["d/a", same, "0755"],
      ["b", same, "0755"],
      ["empty", "blob_e3b0c442", "0755"],
    ]);
    const puts = server.seen.filter((request) => request.method === "PUT");
    expect(puts).toHaveLength(2);
    const one = puts.find((request) => request.url.endsWith(same));
    expect(one).toMatchObject({ body: "same" });
    expect(one?.headers).toMatchObject({ "content-length": "4", "content-type": "application/octet-stream" });
    expect(puts.find((request) => request !== one)?.headers["content-length"]).toBe("0");
    expect(progress.at(-1)).toMatchObject({ state: "completed", uploadedFiles: 2, totalFiles: 2, uploadedBytes: 4 });

    await uploadFiles(blobs, entries);
    expect(server.seen.filter((request) => request.method === "PUT")).toHaveLength(2);
  });

  it("sends a file again when its answer is lost, from the beginning", async () => {
    const answer = preflight(new Set());
    await using server = await scriptedServer((request, response, attempt) => {
      if (request.method === "POST") return answer(request, response, attempt);
      return void (attempt === 1 ? response.destroy() : response.writeHead(204).end());
    });
    await uploadFiles(server.client().blobs, [file("a", "content")]);
    expect(server.seen.filter(({ method }) => method === "PUT").map(({ body }) => body)).toEqual([
      "content",
      "content",
    ]);
  });

  it("called again after a failure sends what has not arrived, and nothing else", async () => {
    const stored = new Set<string>();
    let broken = true;
    const answer = preflight(stored);
    await using server = await scriptedServer((request, response, attempt) => {
      if (request.method === "POST") return answer(request, response, attempt);
      if (broken && request.body === "third") return json(response, 400, { error: "full", code: "file_upload_error" });
      stored.add(request.url.split("/").at(-1)!);
      return void response.writeHead(204).end();
    });
    const { blobs } = server.client();
    const entries = [file("1", "first"), file("2", "second"), file("3", "third"), file("4", "fourth")];
    await expect(uploadFiles(blobs, entries, { concurrency: 1 })).rejects.toThrow("Could not upload 3");
    broken = false;
    server.seen.length = 0;
    expect(await uploadFiles(blobs, entries, { concurrency: 1 })).toHaveLength(4);
    expect(server.seen.filter(({ method }) => method === "PUT").map(({ body }) => body)).toEqual(["third", "fourth"]);
  });

  it("keeps to the limit of uploads at once", async () => {
    const answer = preflight(new Set());
    let running = 0;
    let most = 0;
    await using server = await scriptedServer(async (request, response, attempt) => {
      if (request.method === "POST") return answer(request, response, attempt);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return void response.writeHead(204).end();
    });
    const entries = Array.from({ length: 20 }, (_, index) => file(`f${index}`, `content ${index}`));
    await uploadFiles(server.client().blobs, entries, { concurrency: 3 });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(3);
  });

  it("stops the others when one is refused, and names the file", async () => {
    const answer = preflight(new Set());
    await using server = await scriptedServer((request, response, attempt) => {
      if (request.method === "POST") return answer(request, response, attempt);
      if (request.body === "bad") json(response, 400, { error: "digest differs", code: "file_upload_error" });
      return undefined;
    });
    const entries = [file("good", "good"), file("bad", "bad"), file("later", "later")];
    await expect(uploadFiles(server.client().blobs, entries, { concurrency: 2 })).rejects.toMatchObject({
      name: "FileUploadError",
      message: expect.stringContaining("Could not upload bad: digest differs"),
    });
    expect(server.seen.some(({ body }) => body === "later")).toBe(false);
  });

  it("refuses a preflight that leaves a file out, or gives it no blob", async () => {
    for (const files of [
      [],
      [{ path: "a", entry_type: "file", missing: true }],
      [{ path: "b", entry_type: "file", missing: true, blob_id: "x" }],
    ]) {
      await using server = await scriptedServer({
        [PREFLIGHT]: (_request, response) => json(response, 200, { files }),
      });
      await expect(uploadFiles(server.client().blobs, [file("a", "x")])).rejects.toMatchObject({
        code: "invalid_response",
      });
    }
  });

  describe("to a service that takes small files together", () => {
    const isPreflight = ({ method, url }: { method: string; url: string }) => `${method} ${url}` === PREFLIGHT;
    /** As {@link preflight}, for batches of three bodies and ten bytes. */
    const withBatches: Handler = (request, response) => {
      const { files } = JSON.parse(request.body) as Asked;
      const results = files.map(({ path, entry_type, sha256 }) => ({
        path,
        entry_type,
        blob_id: `blob_${sha256!.slice(0, 8)}`,
        missing: true,
      }));
      json(response, 200, { files: results, batch: { max_blobs: 3, max_bytes: 10 } });
    };
    const contentsOf = (body: string) =>
      (JSON.parse(body) as { blobs: { content_base64: string }[] }).blobs.map(({ content_base64 }) =>
        Buffer.from(content_base64, "base64").toString(),
      );

    it("sends as many in a call as it takes, and larger ones alone", async () => {
      await using server = await scriptedServer((request, response, attempt) =>
        isPreflight(request) ? withBatches(request, response, attempt) : void response.writeHead(204).end(),
      );
      const progress: UploadProgress[] = [];
      const contents = ["a", "bb", "ccc", "dddd", "more than ten", "eeeeeee", "last"];
      await uploadFiles(
        server.client().blobs,
        contents.map((content) => file(content, content)),
        { concurrency: 1, onProgress: (one) => progress.push(one) },
      );
      const sent = server.seen.slice(1).map(({ method, body }) => (method === "PUT" ? body : contentsOf(body)));
      expect(sent).toEqual(expect.arrayContaining([["a", "bb", "ccc"], "more than ten", "dddd", "eeeeeee", "last"]));
      expect(progress.at(-1)).toMatchObject({ uploadedFiles: 7, totalFiles: 7, uploadedBytes: 34, totalBytes: 34 });
    });

    it("sends them one by one when it refuses one of them, and names the file", async () => {
      await using server = await scriptedServer((request, response, attempt) => {
        if (isPreflight(request)) return withBatches(request, response, attempt);
        const isRefused = request.method === "POST" || request.body === "b";
        return isRefused
          ? json(response, 400, { error: "digest differs", code: "file_upload_error" })
          : void response.writeHead(204).end();
      });
      const entries = [file("a", "a"), file("b", "b")];
      await expect(uploadFiles(server.client().blobs, entries)).rejects.toThrow("Could not upload b: digest differs");
    });
  });

  it("asks for a fresh upload only where it is wanted", async () => {
    await using server = await scriptedServer({ [PREFLIGHT]: preflight(new Set(["blob_2d711642"])) });
    const forced = { ...file("a", "x"), forceUpload: true } as UploadEntry;
    await uploadFiles(server.client().blobs, [forced, file("b", "x")]);
    const { files } = JSON.parse(server.seen[0]!.body) as Asked;
    expect(files.map(({ force_upload }) => force_upload)).toEqual([true, undefined]);
  });
});
