import { spawn } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import * as files from "../../../service/fleet/machines/files.ts";
import type { GuestAccess } from "../../../service/fleet/machines/guest-access.ts";
import type { GuestCommand, GuestCommandResult } from "../../../service/fleet/guests/machine-driver.ts";

/** The scripts that run in machines, with the shell and the GNU tools of this host. */
const access = accessWith(process.env);

function accessWith(env: NodeJS.ProcessEnv): GuestAccess {
  return {
    service: {
      get: () => ({ status: "running" }),
      running: () => ({ machine: { cwd: null }, guest: { guestId: "gst_host" } }),
      inUse: (_id: string, work: () => Promise<unknown>) => work(),
    },
    driver: { exec: (_guest: string, command: GuestCommand) => execHere(command, env) },
  } as unknown as GuestAccess;
}

async function execHere(command: GuestCommand, env: NodeJS.ProcessEnv): Promise<GuestCommandResult> {
  const { argv, stdin, onOutput } = command;
  const child = spawn(`/bin/${argv[0]}`, argv.slice(1), { env });
  const ended = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 137)));
  child.stdin.on("error", () => undefined);
  if (stdin instanceof Readable) stdin.pipe(child.stdin);
  else child.stdin.end(stdin);
  const stderr = buffer(child.stderr);
  const kept: Buffer[] = [];
  for await (const data of child.stdout as AsyncIterable<Buffer>) {
    if (onOutput === undefined) kept.push(data);
    else await onOutput({ stream: "stdout", data });
  }
  const text = { stdout: Buffer.concat(kept).toString(), stderr: (await stderr).toString() };
  return { exitCode: await ended, ...text, truncated: false };
}

const root = mkdtempSync(join(tmpdir(), "machine-files-"));
afterAll(() => rmSync(root, { recursive: true }));
const at = (path: string) => ({ machineId: "mch_1", path, signal: new AbortController().signal });

describe("a file of a machine", () => {
  const name = fc
    .string({ unit: "binary", minLength: 1, maxLength: 12 })
    .filter((text) => !/[/\0]/.test(text) && text !== "." && text !== ".." && text.isWellFormed());
  const odd = fc.constantFrom(
    "-rf",
    "$(id)",
    "`id`",
    "a\nb",
    " ",
    "'",
    '"',
    "*",
    "\\",
    "//".slice(1) + "x",
    "\n",
    "a|b",
    "😀",
  );
  const segment = fc.oneof(name, odd).filter((text) => !text.includes("/") && Buffer.byteLength(text) < 200);

  test("is written, read, told, listed, moved and removed, whatever its name and content are", async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        segment,
        segment,
        segment,
        fc.uint8Array({ maxLength: 300 }),
        async (folder, one, two, bytes) => {
          const base = join(root, String((round += 1)));
          const path = `${base}/${folder}/${one}`;
          const info = await files.writeFile(access, at(path), bytes);
          expect(info).toMatchObject({ name: one, path, type: "file", is_dir: false, size: bytes.length });
          expect(readFileSync(path)).toEqual(Buffer.from(bytes));
          expect(await files.readFile(access, at(path))).toEqual(Buffer.from(bytes));
          const { mtime, mode } = lstatSync(path);
          expect(info.mode).toBe(`0${(mode & 0o7777).toString(8)}`);
          expect(Date.parse(info.modified_time ?? "")).toBe(Math.floor(mtime.getTime() / 1000) * 1000);
          expect(await files.listFiles(access, at(`${base}/${folder}`), 1)).toEqual([info]);
          const listed = (await files.listFiles(access, at(base), 2)).map((entry) => entry.path);
          expect(listed).toEqual([`${base}/${folder}`, path]);
          const target = `${base}/other/${two}`;
          expect(await files.renameFile(access, at(path), target)).toMatchObject({ path: target, name: two });
          expect([await files.fileExists(access, at(path)), await files.fileExists(access, at(target))]).toEqual([
            false,
            true,
          ]);
          await files.removeFile(access, at(base));
          expect(await files.fileExists(access, at(base))).toBe(false);
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);

  test("may be a link, which is told as itself and read as what it leads to", async () => {
    const folder = join(root, "links");
    mkdirSync(join(folder, "real"), { recursive: true });
    writeFileSync(join(folder, "real", "file"), "text");
    symlinkSync("real/file", join(folder, "to-file"));
    symlinkSync("real", join(folder, "to-folder"));
    symlinkSync("no\nwhere\n", join(folder, "to-nothing"));
    expect(await files.readTextFile(access, at(join(folder, "to-file")))).toBe("text");
    expect(await files.fileInfo(access, at(join(folder, "to-file")))).toMatchObject({
      type: "symlink",
      is_dir: false,
      symlink_target: "real/file",
    });
    expect(await files.fileInfo(access, at(join(folder, "to-folder", "file")))).toMatchObject({
      path: join(folder, "real", "file"),
    });
    expect(await files.listFiles(access, at(join(folder, "to-folder")), 1)).toHaveLength(1);
    const listed = await files.listFiles(access, at(folder), 1);
    expect(listed.map(({ name, symlink_target }) => [name, symlink_target])).toEqual([
      ["real", undefined],
      ["to-file", "real/file"],
      ["to-folder", "real"],
      ["to-nothing", "no\nwhere\n"],
    ]);
    await files.removeFile(access, at(join(folder, "to-folder")));
    expect(readFileSync(join(folder, "real", "file"), "utf8")).toBe("text");
  });

  test("that is missing, of the wrong kind or no text is refused by its code", async () => {
    const folder = join(root, "kinds");
    mkdirSync(folder);
    writeFileSync(join(folder, "binary"), Buffer.from([0xff, 0]));
    const missing = at(join(folder, "missing"));
    for (const call of [files.readFile, files.fileInfo, files.removeFile]) {
      await expect(call(access, missing)).rejects.toMatchObject({ code: "file_not_found", status: 404 });
    }
    await expect(files.listFiles(access, missing, 1)).rejects.toMatchObject({ code: "file_not_found" });
    await expect(files.setFileMode(access, missing, "0644")).rejects.toMatchObject({ code: "file_not_found" });
    await expect(files.renameFile(access, missing, "/tmp/x")).rejects.toMatchObject({ code: "file_not_found" });
    for (const [call, reason] of [
      [() => files.readFile(access, at(folder)), /is a folder/],
      [() => files.writeFile(access, at(folder), Buffer.of()), /is a folder/],
      [() => files.listFiles(access, at(join(folder, "binary")), 1), /is not a folder/],
      [() => files.readTextFile(access, at(join(folder, "binary"))), /not UTF-8/],
      [() => files.readFile(access, at("/dev/zero")), /device/],
      [() => files.writeFile(access, at("/dev/null"), Buffer.of()), /device/],
      [() => files.writeFile(access, at(join(folder, "binary", "in")), Buffer.of()), /could not be worked on/],
      [() => files.removeFile(access, at("/")), /root folder/],
      [() => files.removeFile(access, at("/usr/..")), /root folder/],
    ] as const) {
      await expect(call()).rejects.toMatchObject({ code: "file_error", message: expect.stringMatching(reason) });
    }
    await expect(files.renameFile(access, at(join(folder, "binary")), folder)).rejects.toMatchObject({
      code: "conflict",
    });
    await expect(files.makeFolder(access, at(join(folder, "binary")))).rejects.toMatchObject({ code: "conflict" });
  });

  test("cannot be worked on without the tools for it, and the answer names the one that is missing", async () => {
    const bare = accessWith({ PATH: root });
    for (const [call, tool] of [
      [() => files.readFile(bare, at("/etc/passwd")), "cat"],
      [() => files.fileInfo(bare, at("/etc/passwd")), "stat"],
      [() => files.listFiles(bare, at("/etc"), 1), "find"],
    ] as const) {
      const message = expect.stringContaining(`has no ${tool},`);
      await expect(call()).rejects.toMatchObject({ code: "not_implemented", status: 501, message });
    }
    expect(await files.fileExists(bare, at("/etc/passwd"))).toBe(true);
  });

  test("keeps its mode when it is written again, and takes another", async () => {
    const file = at(join(root, "mode", "file"));
    await files.writeFile(access, file, Buffer.from("1"));
    await files.setFileMode(access, file, "0640");
    expect(await files.writeFile(access, file, Readable.from([Buffer.from("2"), Buffer.from("3")]))).toMatchObject({
      mode: "0640",
      size: 2,
    });
    expect(await files.readTextFile(access, file)).toBe("23");
  });
});
