import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HINTED_TOOLS, installHint } from "../../../scripts/setup/install-hints.mjs";
import {
  findCommand,
  findCommands,
  isDebianLike,
  readPlatform,
  withUsualFolders,
} from "../../../scripts/setup/platform.mjs";
import { command } from "./support/child-process.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n';
const UBUNTU = "ID=ubuntu\nID_LIKE=debian\n";
const MINT = 'ID=linuxmint\nID_LIKE="ubuntu debian"\n';
const FEDORA = 'ID=fedora\nHOME_URL="https://debian.example"\n';

test.each([
  ["Debian", DEBIAN, true],
  ["Ubuntu", UBUNTU, true],
  ["Mint", MINT, true],
  ["Fedora", FEDORA, false],
  ["nothing", "", false],
])("%s descends from Debian: %#", (_, osRelease, expected) => {
  expect(isDebianLike(osRelease)).toBe(expected);
});

describe("the platform", () => {
  const withApt = () => ({ PATH: command(temporaryFolder(), "apt-get", "exit 0") });

  test("lets root on Debian install packages", () => {
    const platform = readPlatform({ env: withApt(), os: "linux", arch: "x64", uid: 0, osRelease: DEBIAN });
    expect(platform).toEqual({ kind: "debian", arch: "x64", isRoot: true, canInstallPackages: true });
  });

  test("lets no one else install packages", () => {
    expect(readPlatform({ env: withApt(), os: "linux", uid: 1000, osRelease: DEBIAN }).canInstallPackages).toBe(false);
    expect(readPlatform({ env: withApt(), os: "linux", uid: 0, osRelease: FEDORA }).canInstallPackages).toBe(false);
    expect(readPlatform({ env: { PATH: "" }, os: "linux", uid: 0, osRelease: DEBIAN }).canInstallPackages).toBe(false);
  });

  test("tells macOS from others", () => {
    expect(readPlatform({ env: {}, os: "darwin", uid: 501 }).kind).toBe("macos");
    expect(readPlatform({ env: {}, os: "win32" }).kind).toBe("other");
  });
});

describe("a command", () => {
  test("is the first executable file of its name on PATH", () => {
    const [first, second] = [temporaryFolder(), temporaryFolder()];
    command(first, "tool", "exit 0");
    command(second, "tool", "exit 0");
    expect(findCommands("tool", { PATH: `${first}:${second}` })).toEqual([join(first, "tool"), join(second, "tool")]);
  });

  test("is neither a folder nor a file that cannot be executed", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "directory"));
    writeFileSync(join(folder, "text"), "");
    chmodSync(join(folder, "text"), 0o644);
    expect(findCommand("directory", { PATH: folder })).toBeUndefined();
    expect(findCommand("text", { PATH: folder })).toBeUndefined();
  });

  test("is not found on an empty PATH", () => {
    expect(findCommand("sh", { PATH: "" })).toBeUndefined();
    expect(findCommand("sh", {})).toBeUndefined();
  });
});

test("the usual folders are added to a PATH that lacks them, and to none that is empty", () => {
  expect(withUsualFolders("/opt/bin:/usr/bin")).toBe(
    "/opt/bin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin:/usr/local/go/bin",
  );
  expect(withUsualFolders("")).toBe("");
  expect(withUsualFolders(undefined)).toBe("");
});

test("there is a way to install each tool on each platform", () => {
  for (const tool of HINTED_TOOLS) {
    for (const kind of ["debian", "linux", "macos", "other"] as const) {
      const hint = installHint(tool, { kind, arch: "x64", isRoot: false, canInstallPackages: false });
      expect(hint, `${tool} on ${kind}`).toMatch(/\S/);
      if (kind !== "debian") expect(hint, `${tool} on ${kind}`).not.toContain("apt-get");
    }
  }
});
