/**
 * Every check of the project, then every test. Started by `npm test` through run.mjs, which sets up what they need.
 *
 *   npm test                        everything
 *   npm test -- --project unit      only what vitest is told: its arguments are passed on, the checks are left out
 *
 * Each check counts as one. What runs side by side prints line by line, with its title in front. What failed is named
 * once more at the end, and so is what passed at a second try only (second-try.mjs). The last line is `N passed, N failed`,
 * with `, N skipped` where tests were skipped. The unit tests and the lifecycle under the Pulumi CLI are played in a copy of
 * the clone, in a folder whose name breaks what takes paths for text (any-folder.mjs).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { copyToAnyFolder } from "./any-folder.mjs";
import { describe } from "./setup.mjs";
import { buildPackages } from "./setup/package-build.mjs";
import { readJson } from "./setup/tool-cache.mjs";
import { apart, countsIn, filesToTryAgain, notMadeGood, saysOutside } from "./second-try.mjs";
import { failuresIn, LAST_LINES, shown } from "./test-failures.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** @type {Place} */
const HERE = { root: ROOT, env: process.env };

/** Both shells under the Pulumi CLI, and the package and the plugin's executable as they are published. */
const IN_ANY_FOLDER = ["test/e2e/lifecycle.test.ts", "test/e2e/executable.test.ts", "test/e2e/package.test.ts"];

/** Every option of resources and every input, in both shells: as long as the sequences. */
const OPTIONS_AND_INPUTS = ["test/e2e/options.test.ts", "test/e2e/inputs.test.ts"];

/** Examples that take little time; `npm run examples` plays all. */
const EXAMPLES = ["test/examples/quickstart.test.ts", "test/examples/pull-request-files.test.ts"];

/** Tests on a cluster without a node, skipped where Kubernetes is not built; `npm test -- --project scale` plays all. */
const CONTROL_PLANE = "test/scale/control-plane";
/** Two of them take minutes each. */
const LONG_ON_CONTROL_PLANE = ["native-pools", "placements"].map((name) => `${CONTROL_PLANE}/${name}.test.ts`);

/** The lifecycle once more, on builders and a registry: `npm run sequences` plays it, in both shells. Their suites are among the engine's. */
const BY_COMMAND = ["test/e2e/builders.test.ts"];

/** Tests of the e2e suite that other steps run, or another command. */
const ELSEWHERE = [...IN_ANY_FOLDER, ...OPTIONS_AND_INPUTS, ...BY_COMMAND];

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {(line: string) => void} Print */
/** @typedef {{ root: string, env: NodeJS.ProcessEnv }} Place where a command runs */
/** @typedef {{ title: string, run: (print: Print) => Promise<Counts> }} Step */
/** What a run of vitest has left. @typedef {{ report: any, isGreen: boolean, isOutside: boolean, output: string, root: string }} Played */
/** A run of vitest with its arguments, somewhere. @typedef {(args: string[], print: Print) => Promise<Played>} Play */
/** Files that may pass by themselves. @typedef {{ title: string, first: any, again: (print: Print) => Promise<Played> }} Suspect */

/** How many steps are played at once. They mostly wait: for an engine, a service or the Pulumi CLI. */
const LANES = 5;

/**
 * What the lanes take from, in this order: what is long first, so that all lanes end at about the same time; and while the
 * build runs, which the longest wait for, what needs no build. Nothing is shared between steps but the sources, what is compiled
 * from them, and the engine, of which each takes away only what is its own. The files of the engine's suite are one step: some
 * of them take away images and caches that others use.
 *
 * @type {Step[]}
 */
const STEPS = [
  { title: "build (npm run build)", run: buildOnce },
  suite("tests (engine)", ["engine"], ["test/engine/"], withPrograms),
  suite("tests (e2e, examples)", ["e2e", "examples"], [...otherThan("test/e2e", ELSEWHERE), ...EXAMPLES], withBuild),
  suite("tests in any folder (unit)", ["unit"], [], inAnyFolder({ withCompiled: false })),
  suite("tests (sequences)", ["sequences"], ["test/e2e/sequences/"], withPrograms),
  check("lint and layout (npm run lint)", "npm", ["run", "--silent", "lint"]),
  check("types (npm run typecheck)", "npm", ["run", "--silent", "typecheck"]),
  check("layers (npm run layers)", "npm", ["run", "--silent", "layers"]),
  check("schema.json is what the sources say", "node", [
    "--conditions=nullspace-source",
    "scripts/generate.ts",
    "--check",
  ]),
  check("one version (npm run check:release)", "node", ["--conditions=nullspace-source", "scripts/check-release.ts"]),
  suite("tests (options, inputs)", ["e2e"], OPTIONS_AND_INPUTS, withPrograms),
  suite("tests (browser)", ["browser"], [], withBuild),
  suite(
    "tests (faults, scale)",
    ["faults", "scale"],
    ["test/faults/", ...otherThan(CONTROL_PLANE, LONG_ON_CONTROL_PLANE)],
    withBuild,
  ),
  suite("tests (contract)", ["contract"], [], withBuild),
  suite("tests in any folder (e2e)", ["e2e"], IN_ANY_FOLDER, inAnyFolder({ withCompiled: true })),
];

const vitestArguments = process.argv.slice(2);
/** What was started of the build. @type {{ compiled?: Promise<Counts>, whole?: Promise<Counts> }} */
const building = {};
// A signal goes to the whole process group: what runs now ends by itself, then this does, without starting the next.
let isStopped = false;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => (isStopped = true));
/** @type {{ title: string, seconds: string, words: string }[]} */
const summary = [];
/** What failed, a text each. @type {string[]} */
const failures = [];
/** What failed at first and passed by itself. @type {string[]} */
const unstable = [];
/** What may pass by itself. @type {Suspect[]} */
const suspects = [];
/** @type {Counts} */
const total = { passed: 0, failed: 0, skipped: 0 };
if (vitestArguments.length === 0) {
  const waiting = [...STEPS];
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift())
      await timed(step, prefixed(step.title));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const suspect of suspects) await timed(secondTry(suspect), prefixed("second try"));
} else {
  // The end-to-end tests run what was compiled. It counts only where it fails.
  if ((await build(console.log)).failed > 0) total.failed += 1;
  await timed({ title: "tests", run: async (print) => verdict(await here(vitestArguments, print), print) }, undefined);
}

console.log("");
for (const name of unstable) console.log(`${name}\n`);
for (const failure of failures) console.log(`${failure}\n`);
for (const { title, seconds, words } of summary) console.log(`${title.padEnd(40)} ${seconds.padStart(8)}  ${words}`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exitCode = total.failed > 0 ? 1 : 0;

/**
 * @param {Step} step
 * @param {Print | undefined} print undefined: what it runs has the terminal
 */
async function timed({ title, run }, print) {
  (print ?? console.log)(`== ${title}`);
  const startedMs = performance.now();
  const counts = await run(print ?? console.log);
  const seconds = `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  const words =
    counts.failed === 0 && counts.passed === 1 ? "passed" : `${counts.passed} passed, ${counts.failed} failed`;
  summary.push({ title, seconds, words });
  for (const key of /** @type {const} */ (["passed", "failed", "skipped"])) total[key] += counts[key];
}

/**
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 * @returns {Step}
 */
function check(title, command, args) {
  return {
    title,
    run: async (print) => {
      /** @type {string[]} */
      const last = [];
      const isGood = await succeeds(command, args, print, HERE, last);
      if (!isGood) failures.push(shown(title, last.join("\n")));
      return one(isGood);
    },
  };
}

/**
 * @param {string} title
 * @param {string[]} projects of vitest
 * @param {string[]} [files] which of their files; all where there are none
 * @param {Play} [play]
 * @returns {Step}
 */
function suite(title, projects, files = [], play = here) {
  const chosen = projects.flatMap((name) => ["--project", name]);
  return {
    title,
    run: async (print) => {
      const played = await play([...chosen, ...files], print);
      const again = isStopped ? [] : filesToTryAgain(played.report, played.isOutside);
      if (again.length === 0) return verdict(played, print);
      const { first, rest } = apart(played.report, again);
      const paths = again.map((path) => relative(played.root, path));
      print(`${paths.join(", ")}: once more at the end`);
      suspects.push({ title, first, again: (print) => play([...chosen, ...paths], print) });
      failures.push(...failuresIn(rest));
      return countsIn(rest);
    },
  };
}

/**
 * @param {Suspect} suspect
 * @returns {Step}
 */
function secondTry({ title, first, again }) {
  return {
    title: `second try: ${title}`,
    run: async (print) => {
      const played = await again(print);
      const counts = verdict(played, print);
      const left = counts.failed === 0 ? notMadeGood(first, played.report) : [];
      counts.failed += left.length;
      failures.push(...left.map((name) => shown(name, "failed, and did not pass when it was played once more")));
      // What it failed with at first is told in any case: the second failure may be another one.
      const [into, as] = counts.failed === 0 ? [unstable, "UNSTABLE"] : [failures, "FAILED AT FIRST"];
      into.push(...failuresIn(first).map((text) => text.replace(/^FAILED/, as)));
      return counts;
    },
  };
}

/**
 * The tests of a folder but for some files, by name: `--exclude` does nothing in a project with a list of its own of what is
 * left out.
 *
 * @param {string} folder
 * @param {readonly string[]} files
 */
function otherThan(folder, files) {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `${folder}/${name}`)
    .filter((file) => !files.includes(file));
}

/**
 * @param {{ withCompiled: boolean }} options whether the tests run what was compiled; if not, it may be compiled meanwhile
 * @returns {Play}
 */
function inAnyFolder({ withCompiled }) {
  return async (args, print) => {
    if (withCompiled) await buildOnce(print);
    const { root, env, remove } = copyToAnyFolder(ROOT, { env: process.env, withCompiled });
    try {
      return await vitest(args, print, { root, env });
    } finally {
      remove();
    }
  };
}

/** @type {Play} */
function here(args, print) {
  return vitest(args, print, HERE);
}

/** @type {Play} */
async function withBuild(args, print) {
  await buildOnce(print);
  return vitest(args, print, HERE);
}

/**
 * For tests that run what is compiled, and neither pack it nor compile against all of it: they need not wait for the checks.
 *
 * @type {Play}
 */
async function withPrograms(args, print) {
  await compileOnce(print);
  return vitest(args, print, HERE);
}

/**
 * @param {boolean} isGood
 * @returns {Counts}
 */
function one(isGood) {
  return { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, skipped: 0 };
}

/**
 * @param {string} name
 * @returns {Print}
 */
function prefixed(name) {
  return (line) => console.log(`[${name}] ${line}`);
}

/**
 * The build, of which the first step that needs it is the one that runs it.
 *
 * @param {Print} print
 * @returns {Promise<Counts>}
 */
function buildOnce(print) {
  building.whole ??= compileOnce(print).then((counts) => (counts.failed > 0 ? counts : build(print)));
  return building.whole;
}

/**
 * What programs run. The quickstart has compiled it, if it was played before.
 *
 * @param {Print} print
 * @returns {Promise<Counts>}
 */
function compileOnce(print) {
  building.compiled ??= build(print, { checked: false });
  return building.compiled;
}

/**
 * @param {Print} print
 * @param {{ checked?: boolean }} [options]
 * @returns {Promise<Counts>}
 */
async function build(print, { checked = true } = {}) {
  try {
    print(await buildPackages({ root: ROOT, env: process.env, checked }));
    return one(true);
  } catch (error) {
    print(describe(error));
    failures.push(shown("npm run build", describe(error)));
    return one(false);
  }
}

/**
 * @param {string[]} args
 * @param {Print} print
 * @param {Place} place
 * @returns {Promise<Played>}
 */
async function vitest(args, print, place) {
  const folder = mkdtempSync(join(tmpdir(), "pulumi-nullspace-tests-"));
  try {
    const report = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const command = join(place.root, "node_modules", "vitest", "vitest.mjs");
    /** @type {string[]} */
    const last = [];
    let isOutside = false;
    const note = (/** @type {string} */ line) => {
      isOutside ||= saysOutside(line);
      // A run that has the terminal prints by itself.
      print(line);
    };
    const all = [command, "run", ...reporters, ...args];
    const isGreen = await succeeds("node", all, print === console.log ? print : note, place, last);
    return { report: readJson(report), isGreen, isOutside, output: last.join("\n"), root: realpathSync(place.root) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What a run comes to. What failed in it is remembered for the end.
 *
 * @param {Played} played
 * @param {Print} print
 * @returns {Counts}
 */
function verdict({ report, isGreen, output }, print) {
  const counts = countsIn(report);
  if (counts.passed + counts.failed === 0) print("No test has run.");
  // A file that cannot be loaded, or an error outside a test, fails the run without failing a test.
  if ((!isGreen || counts.passed === 0) && counts.failed === 0) counts.failed = 1;
  if (counts.failed > 0 && print !== console.log) {
    const named = failuresIn(report);
    failures.push(...(named.length > 0 ? named : [shown("vitest", output)]));
  }
  return counts;
}

/**
 * Runs a command. Its output goes to this process's own as it is, or line by line to `print` where lanes share it.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {Print} print
 * @param {Place} [place]
 * @param {string[]} [last] where the last lines of the output go, when lanes share the terminal
 * @returns {Promise<boolean>} whether it ended with exit code 0
 */
function succeeds(command, args, print, { root, env } = HERE, last = []) {
  if (isStopped) return Promise.resolve(false);
  return new Promise((resolve) => {
    const output = print === console.log ? "inherit" : "pipe";
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", output, output] });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        print(line);
        if (last.push(line) > LAST_LINES) last.shift();
      });
    }
    child.once("error", (error) => {
      print(`${command} did not start: ${error.message}`);
      resolve(false);
    });
    child.once("close", (code) => resolve(code === 0));
  });
}
