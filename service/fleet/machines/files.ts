import { isUtf8 } from "node:buffer";
import type { Readable } from "node:stream";
import { posix } from "node:path";
import type { FileInfo } from "pulumi-nullspace/wire";
import { ConflictError, InvalidRequestError, ServiceError } from "../../errors.ts";
import { GuestCommandTimeoutError } from "../guests/driver-errors.ts";
import type { GuestCommand, GuestCommandResult, GuestOutput } from "../guests/machine-driver.ts";
import { FileError, FileNotFoundError, FileToolsMissingError } from "./file-errors.ts";
import { readEntries } from "./file-entries.ts";
import * as scripts from "./file-scripts.ts";
import { inMachine, type GuestAccess } from "./guest-access.ts";

/** Largest file that an answer or a request carries as text; larger ones are streamed. */
export const MAX_TEXT_FILE_BYTES = 32 * 1024 * 1024;

/** Largest file that is streamed into a machine. */
export const MAX_STREAMED_FILE_BYTES = 4 * 1024 * 1024 * 1024;

/** Most entries of a list. */
export const MAX_LISTED_ENTRIES = 10_000;

/** Where relative paths begin unless the machine or the call says otherwise; the contract's default. */
const DEFAULT_FOLDER = "/workspace";

/** Time for what is done with one file; the caller's hanging up ends it before. */
const TIMEOUT_MS = 60_000;

/** Time for a file that is streamed. */
const STREAM_TIMEOUT_MS = 3600_000;

/** The file or folder that a call is about. */
export interface FileTarget {
  readonly machineId: string;
  readonly path: string;
  /**
   * Who does it.
   *
   * @default the machine's user
   */
  readonly user?: string | undefined;
  readonly signal: AbortSignal;
}

/** Size, permissions and times of a file or folder. A link is told as itself. @throws FileNotFoundError */
export async function fileInfo(access: GuestAccess, target: FileTarget): Promise<FileInfo> {
  const { stdout } = await run(access, target, scripts.INFO);
  return onlyEntry(stdout);
}

/** Whether there is something of that path, be it a link that leads nowhere. */
export async function fileExists(access: GuestAccess, target: FileTarget): Promise<boolean> {
  try {
    await run(access, target, scripts.EXISTS);
    return true;
  } catch (error) {
    if (error instanceof FileNotFoundError) return false;
    throw error;
  }
}

/**
 * What is in a folder, by path.
 *
 * @param depth 1: what is in it; 2: what is in its folders, too
 * @throws FileError when it is no folder, or holds more than {@link MAX_LISTED_ENTRIES}
 */
export async function listFiles(access: GuestAccess, target: FileTarget, depth: number): Promise<FileInfo[]> {
  const { stdout, truncated } = await run(access, target, scripts.LIST, { more: [String(depth)] });
  const entries = truncated ? [] : readEntries(stdout);
  if (truncated || entries.length > MAX_LISTED_ENTRIES) {
    throw new FileError(
      `"${target.path}" holds more than ${MAX_LISTED_ENTRIES} entries.`,
      "List its folders one by one, with a smaller depth, or run find in the machine.",
    );
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The content of a file of at most {@link MAX_TEXT_FILE_BYTES}. @throws FileNotFoundError; FileError */
export async function readFile(access: GuestAccess, target: FileTarget): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  await streamFile(access, target, (data) => {
    bytes += data.length;
    if (bytes > MAX_TEXT_FILE_BYTES) {
      throw new FileError(
        `"${target.path}" is larger than ${MAX_TEXT_FILE_BYTES} bytes.`,
        "Stream it: GET /v1/machines/{id}/file.",
      );
    }
    pieces.push(Buffer.from(data));
  });
  return Buffer.concat(pieces, bytes);
}

/** The content of a file as text. @throws FileError when it is not UTF-8 */
export async function readTextFile(access: GuestAccess, target: FileTarget): Promise<string> {
  const content = await readFile(access, target);
  if (isUtf8(content)) return content.toString("utf8");
  throw new FileError(`"${target.path}" is not UTF-8 text.`, "Read it with the encoding base64, or as bytes.");
}

/**
 * Hands on the content of a file, piece by piece; the next is read when one is done. The bytes are a view: copy what
 * outlives the call.
 *
 * @throws FileNotFoundError, FileError, before the first piece
 */
export async function streamFile(
  access: GuestAccess,
  target: FileTarget,
  take: (data: Buffer) => void | Promise<void>,
): Promise<void> {
  const begin = Buffer.from(scripts.CONTENT_FOLLOWS);
  let head = Buffer.alloc(0);
  let isContent = false;
  const onOutput = ({ stream, data }: GuestOutput): void | Promise<void> => {
    if (stream === "stderr") return;
    if (isContent) return take(data);
    head = Buffer.concat([head, data]);
    if (head.length < begin.length || !head.subarray(0, begin.length).equals(begin)) return;
    isContent = true;
    const content = head.subarray(begin.length);
    return content.length === 0 ? undefined : take(content);
  };
  await run(access, target, scripts.READ, { onOutput, timeoutMs: STREAM_TIMEOUT_MS });
}

/**
 * Writes a file, with the folders on the way to it. One that is there is overwritten in place. A write that breaks off
 * leaves what had come until then.
 */
export async function writeFile(
  access: GuestAccess,
  target: FileTarget,
  content: Uint8Array | Readable,
): Promise<FileInfo> {
  const timeoutMs = content instanceof Uint8Array ? TIMEOUT_MS : STREAM_TIMEOUT_MS;
  const { stdout } = await run(access, target, scripts.WRITE, { stdin: content, timeoutMs });
  return onlyEntry(stdout);
}

/** Makes a folder, with those on the way to it. One that is there is left as it is. */
export async function makeFolder(access: GuestAccess, target: FileTarget): Promise<void> {
  await run(access, target, scripts.MAKE_FOLDER);
}

/** Removes a file, or a folder with all that is in it. @throws FileNotFoundError */
export async function removeFile(access: GuestAccess, target: FileTarget): Promise<void> {
  await run(access, target, scripts.REMOVE);
}

/** Moves a file or folder, over a file that is there but not over a folder. @throws FileNotFoundError; ConflictError */
export async function renameFile(access: GuestAccess, target: FileTarget, newPath: string): Promise<FileInfo> {
  const { stdout } = await run(access, target, scripts.RENAME, { more: [plainPath(newPath)], shown: newPath });
  return onlyEntry(stdout);
}

/** Sets who may read, write and execute a file. @param mode octal: `0644` */
export async function setFileMode(access: GuestAccess, target: FileTarget, mode: string): Promise<void> {
  await run(access, target, scripts.SET_MODE, { more: [mode] });
}

interface ScriptOptions extends Pick<GuestCommand, "stdin" | "onOutput"> {
  readonly more?: readonly string[];
  readonly timeoutMs?: number;
  /**
   * The path that must not be there yet.
   *
   * @default the target's
   */
  readonly shown?: string;
}

async function run(
  access: GuestAccess,
  { machineId, path, user, signal }: FileTarget,
  script: string,
  { more = [], timeoutMs = TIMEOUT_MS, shown = path, ...command }: ScriptOptions = {},
): Promise<GuestCommandResult> {
  return inMachine(access, machineId, "work on its files", async ({ machine, guest }) => {
    const folder = machine.cwd ?? (user === undefined ? DEFAULT_FOLDER : "");
    try {
      const result = await access.driver.exec(guest.guestId, {
        argv: ["sh", "-c", script, "sh", plainPath(path), folder, ...more],
        timeoutMs,
        signal,
        ...(user !== undefined && { user }),
        ...command,
      });
      if (result.exitCode !== 0) throw failure(result, path, shown, user);
      return result;
    } catch (error) {
      if (!(error instanceof GuestCommandTimeoutError)) throw error;
      throw new ServiceError(`The call on "${path}" did not finish within ${timeoutMs / 1000} s.`, {
        code: "exec_timeout",
        status: 504,
        retryable: true,
        cause: error,
      });
    }
  });
}

/** No slash more than needed: two in a row mark where an entry of a list ends. */
function plainPath(path: string): string {
  const plain = path.replaceAll(/\/{2,}/g, "/");
  return plain.length > 1 ? plain.replace(/\/$/, "") : plain;
}

function failure(result: GuestCommandResult, path: string, newPath: string, user: string | undefined): ServiceError {
  const { EXIT } = scripts;
  const said = (result.stderr || result.stdout).trim();
  switch (result.exitCode) {
    case EXIT.missing:
      return new FileNotFoundError(path);
    case EXIT.isFolder:
      return new FileError(`"${path}" is a folder.`);
    case EXIT.notFolder:
      return new FileError(`"${path}" is not a folder.`);
    case EXIT.notRegular:
      return new FileError(`"${path}" is a device, a pipe or a socket, not a file.`);
    case EXIT.denied:
      return new FileError(
        `The machine's user may not open "${path}".`,
        "Name another user, or change its permissions.",
      );
    case EXIT.exists:
      return new ConflictError(`"${newPath}" exists in the machine.`, { suggestedAction: "Remove it first." });
    case EXIT.isRoot:
      return new FileError("The root folder of a machine cannot be removed.", "Destroy the machine instead.");
    case EXIT.noTool:
      return new FileToolsMissingError(said);
    case 126:
      if (user !== undefined) return new InvalidRequestError(`Nothing can be run as the user "${user}": ${said}`);
  }
  return new FileError(`"${path}" could not be worked on: ${said || `exit code ${result.exitCode}`}`);
}

function onlyEntry(output: string): FileInfo {
  const [entry] = readEntries(output);
  if (entry !== undefined) return { ...entry, name: posix.basename(entry.path) || "/" };
  throw new ServiceError("The machine's tools reported nothing about a file that exists.", {
    code: "file_error",
    status: 502,
    retryable: false,
  });
}
