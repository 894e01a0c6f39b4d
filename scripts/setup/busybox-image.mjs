import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { runCommand } from "./command.mjs";
import { findCommands } from "./platform.mjs";
import { tarArchive } from "./tar-archive.mjs";

/** `p_type` of a program header that names a dynamic linker (elf(5)). */
const PT_INTERP = 3;

/**
 * A busybox that runs where there is no C library: in an image of its own.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} path
 */
export function findStaticBusybox(env) {
  return findCommands("busybox", env).find((path) => isStaticElf(readFileSync(path)));
}

/**
 * Whether a program is for 64-bit little-endian Linux and needs no dynamic linker.
 *
 * @param {Buffer} program
 */
export function isStaticElf(program) {
  if (program.length < 64 || program.readUInt32BE(0) !== 0x7f454c46 || program[4] !== 2 || program[5] !== 1)
    return false;
  const offset = Number(program.readBigUInt64LE(32));
  const size = program.readUInt16LE(54);
  const count = program.readUInt16LE(56);
  if (count > 0 && (size < 4 || offset + size * count > program.length)) return false;
  return !Array.from({ length: count }, (_, index) => program.readUInt32LE(offset + index * size)).includes(PT_INTERP);
}

/**
 * @param {string} busybox path
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ version: string, applets: string[] }>} e.g. version `1.35`
 */
export async function describeBusybox(busybox, env) {
  const options = { env, timeoutMs: 10_000 };
  const [banner, list] = [await runCommand(busybox, [], options), await runCommand(busybox, ["--list"], options)];
  const version = /BusyBox v(\d+\.\d+)/.exec(banner.stdout + banner.stderr)?.[1] ?? "unknown";
  return { version, applets: list.stdout.split("\n").filter((name) => name !== "") };
}

/**
 * An image with busybox and a link for each of its applets, in the form that `docker load` takes (image specification
 * v1.2). The same busybox gives the same bytes, so the same image id, on every machine.
 *
 * @param {{ program: Buffer, applets: readonly string[], name: string, arch: string }} parts
 *   `name`: reference that the loaded image gets; `arch`: Node's word for the processor
 * @returns {Buffer}
 */
export function busyboxImage({ program, applets, name, arch }) {
  const layer = tarArchive([
    { path: "bin", type: "dir" },
    { path: "bin/busybox", type: "file", mode: 0o755, content: program },
    // The list names busybox itself: a link to itself would take the place of the program.
    ...[...new Set(applets)]
      .filter((applet) => applet !== "busybox")
      .sort()
      .map((applet) => ({ path: `bin/${applet}`, type: /** @type {const} */ ("symlink"), target: "busybox" })),
    { path: "etc", type: "dir" },
    {
      path: "etc/group",
      type: "file",
      content: "root:x:0:\nnogroup:x:65534:\n",
    },
    {
      path: "etc/passwd",
      type: "file",
      content: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    },
    { path: "root", type: "dir", mode: 0o700 },
    { path: "tmp", type: "dir", mode: 0o1777 },
    { path: "usr", type: "dir" },
    { path: "usr/bin", type: "dir" },
    // The first line of many scripts names it.
    { path: "usr/bin/env", type: "symlink", target: "../../bin/busybox" },
    { path: "var", type: "dir" },
    { path: "var/tmp", type: "dir", mode: 0o1777 },
  ]);
  const config = JSON.stringify({
    architecture: arch === "x64" ? "amd64" : arch,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["sh"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created: "1970-01-01T00:00:00Z", created_by: "busybox and its applets" }],
  });
  const configFile = `${sha256(config)}.json`;
  const manifest = JSON.stringify([{ Config: configFile, RepoTags: [name], Layers: ["layer/layer.tar"] }]);
  return tarArchive([
    { path: configFile, type: "file", content: config },
    { path: "layer", type: "dir" },
    { path: "layer/layer.tar", type: "file", content: layer },
    { path: "manifest.json", type: "file", content: manifest },
  ]);
}

/** @param {Buffer | string} content */
function sha256(content) {
  return createHash("sha256").update(content).digest("hex");
}
