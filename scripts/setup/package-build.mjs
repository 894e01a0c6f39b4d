import { createHash } from "node:crypto";
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { describeFailure, runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { readJson, writeJson } from "./tool-cache.mjs";

/** Folders of sources, and the folder that each is compiled to. */
const SOURCES = [
  { from: "sdk", to: "dist/sdk" },
  { from: "provider", to: "dist/provider" },
  { from: "bin", to: "dist/bin" },
  { from: "service", to: "service/dist" },
];

/** What else decides what the compiler writes. */
const SETTINGS = [
  "package.json",
  "package-lock.json",
  "tsconfig.base.json",
  "tsconfig.build.json",
  "service/package.json",
  "service/tsconfig.build.json",
  "scripts/transpile.mjs",
];

/** What is made of what is compiled, or of the sources, and by what. */
const MADE = [
  { by: "scripts/declarations.ts", to: "dist/types" },
  { by: "scripts/copy-assets.mjs", to: "service/dist/page/assets" },
  { by: "scripts/bundle.mjs", to: "dist/bundle" },
  { by: "scripts/bundled-licenses.mjs", to: "dist/bundle" },
];
/** What is made beside it where types are checked. */
const MADE_CHECKED = [{ by: "scripts/declarations.ts", to: "service/dist/types" }];
/** Parts of these programs. */
const PARTS = ["scripts/declarations"];
/** What is copied as it is. */
const ASSETS = "service/page/assets";

const STAMP = "dist/.built-from.json";
const BUILD_TIMEOUT_MS = 5 * 60_000;

/**
 * Compiles both packages, unless they were compiled from these very sources.
 *
 * @param {object} options
 * @param {string} options.root
 * @param {NodeJS.ProcessEnv} options.env Node 24 is first on PATH
 * @param {AbortSignal} [options.signal]
 * @param {boolean} [options.checked] whether types are checked, and the declarations of the service written: what runs the packages
 *   and programs on them can do without; default true
 * @returns {Promise<"built" | "up to date">}
 * @throws {SetupError} with the compiler's words
 */
export async function buildPackages({ root, env, signal, checked = true }) {
  const digest = digestSources(root);
  const stamp = readJson(join(root, STAMP));
  const isCompiled = stamp?.digest === digest && SOURCES.every(isMade(root)) && MADE.every(isMade(root));
  if (isCompiled && (!checked || (stamp.checked === true && MADE_CHECKED.every(isMade(root))))) return "up to date";
  const mode = !checked ? "--unchecked" : isCompiled ? "--checks" : undefined;
  const [npm, ...own] = npmCommand(env);
  const result = await runCommand(
    npm,
    [...own, "run", "--silent", "build", ...(mode === undefined ? [] : ["--", mode])],
    {
      cwd: root,
      env,
      timeoutMs: BUILD_TIMEOUT_MS,
      signal,
    },
  );
  if (result.code !== 0) {
    throw new SetupError("BUILD_FAILED", `npm run build failed:\n${describeFailure(result)}`);
  }
  removeOrphans(root);
  // npm makes a package's commands executable when it installs it; here it was installed before they were compiled.
  for (const bin of ["dist/bin", "service/dist/bin"]) {
    if (!existsSync(join(root, bin))) continue;
    for (const file of readdirSync(join(root, bin))) if (file.endsWith(".js")) chmodSync(join(root, bin, file), 0o755);
  }
  writeJson(join(root, STAMP), { digest, checked });
  return "built";
}

/**
 * Whether what is made from something is there, where that is.
 *
 * @param {string} root
 * @returns {(made: { from?: string, by?: string, to: string }) => boolean}
 */
function isMade(root) {
  return ({ from, by, to }) => !existsSync(join(root, from ?? by ?? "")) || existsSync(join(root, to));
}

/**
 * On Windows npm is a script of the command interpreter, which is not started like a program: there its own program is.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {[string, ...string[]]}
 */
function npmCommand(env) {
  const program = env["npm_execpath"];
  return process.platform === "win32" && program !== undefined ? [process.execPath, program] : ["npm"];
}

/** @param {string} root */
function digestSources(root) {
  const hash = createHash("sha256");
  for (const path of [
    ...SETTINGS,
    ...[...MADE, ...MADE_CHECKED].map(({ by }) => by),
    ...[...SOURCES.map(({ from }) => from), ...PARTS].flatMap((from) =>
      listFiles(join(root, from), ".ts").map((file) => relative(root, file)),
    ),
    ...listFiles(join(root, ASSETS), "").map((file) => relative(root, file)),
  ]) {
    if (!existsSync(join(root, path))) continue;
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/**
 * Removes what was compiled from a source that is there no more: a test could import it and pass.
 *
 * @param {string} root
 */
function removeOrphans(root) {
  for (const { from, to } of SOURCES) {
    for (const file of listFiles(join(root, to), "")) {
      if ([...MADE, ...MADE_CHECKED].some((made) => file.startsWith(join(root, made.to) + sep))) continue;
      const name = relative(join(root, to), file).replace(/(\.d\.ts|\.js)(\.map)?$/, "");
      const isThere =
        existsSync(join(root, from, `${name}.ts`)) || existsSync(join(root, from, relative(join(root, to), file)));
      if (/\.(d\.ts|js)(\.map)?$/.test(file) && !isThere) rmSync(file);
    }
  }
}

/**
 * Files below a folder, sorted; dist and node_modules are not sources.
 *
 * @param {string} folder
 * @param {string} ending
 */
function listFiles(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter(
      (path) => path.endsWith(ending) && !path.split(sep).some((part) => part === "node_modules" || part === "dist"),
    )
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile())
    .sort();
}
