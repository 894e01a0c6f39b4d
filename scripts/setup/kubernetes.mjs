import { join } from "node:path";
import { SetupError } from "./errors.mjs";
import { BUILD_TIMEOUT_MS, buildGoCommands, findGo, sourceDigest } from "./go-build.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { isExecutableFile } from "./platform.mjs";

export const VERSION = "1.33.13";
const KWOK_VERSION = "0.8.0";

const STAMP = "k8s.io/component-base/version";

/**
 * All programs of a cluster in one: `kubernetes kube-apiserver`, `kubernetes kubelet`, `kubernetes kubectl`. Its sources are in
 * toolchain/kubernetes.
 */
const KUBERNETES = {
  name: "kubernetes",
  package: ".",
  ldflags: `-X ${STAMP}.gitVersion=v${VERSION} -X ${STAMP}.gitMajor=1 -X ${STAMP}.gitMinor=33`,
  files: [{ module: "k8s.io/kubernetes", path: "LICENSE" }],
};

/** Nodes that only say that they run pods, and what it says of them. */
const KWOK = {
  name: "kwok",
  package: "sigs.k8s.io/kwok/cmd/kwok",
  ldflags: `-X sigs.k8s.io/kwok/pkg/consts.Version=v${KWOK_VERSION}`,
  files: [
    "LICENSE",
    "kustomize/stage/pod/fast/pod-ready.yaml",
    "kustomize/stage/pod/fast/pod-complete.yaml",
    "kustomize/stage/pod/fast/pod-delete.yaml",
    "kustomize/stage/node/fast/node-initialize.yaml",
    "kustomize/stage/node/heartbeat/node-heartbeat.yaml",
  ].map((path) => ({ module: "sigs.k8s.io/kwok", path })),
};

const COMMANDS = [
  { command: KUBERNETES, version: VERSION, variable: "NULLSPACE_KUBERNETES", takes: "7 to 15 minutes" },
  { command: KWOK, version: KWOK_VERSION, variable: "NULLSPACE_KWOK", takes: "2 minutes" },
];

/**
 * A Kubernetes that the tests start on this machine. The tests of every change use it where it is built already, and skip what
 * needs it where it is not: building it takes longer than all of them.
 *
 * @type {import("./step.mjs").Step}
 */
export const kubernetes = {
  title: "Kubernetes",
  profiles: ["scale", "test"],
  needs: [],
  async forecast({ cache, profile }) {
    if (profile === "test") return undefined;
    const absent = COMMANDS.filter(({ command }) => !isExecutableFile(binaryOf(cache, command)));
    if (absent.length === 0) return undefined;
    const each = absent.map(({ command, version, takes }) => `${command.name} ${version}, ${takes}`);
    return `built with Go, once a machine, on two processors: ${each.join("; ")}; 5 GB of disk meanwhile`;
  },
  async run(context) {
    const { cache, check, env, note, platform, profile, signal } = context;
    for (const { command, version, takes } of COMMANDS) {
      const binary = binaryOf(cache, command);
      if (isExecutableFile(binary)) continue;
      if (profile === "test") {
        return { chose: "not in the cache: tests on a cluster are skipped (npm test -- --project scale builds it)" };
      }
      const install = installHint("kubernetes", platform);
      const go = await findGo(env);
      if (check || !go.isUsable) {
        const reason = go.isUsable ? `set-up builds it with Go (once, ${takes} on two processors)` : go.reason;
        throw new SetupError("NO_KUBERNETES", `no ${command.name} in the cache: ${reason}`, { install });
      }
      const lock = join(cache.root, "locks", command.name);
      await withLock(lock, { timeoutMs: BUILD_TIMEOUT_MS, signal }, async () => {
        if (isExecutableFile(binary)) return;
        note(`building ${command.name} ${version} from its Go module with Go ${go.version}: once a machine, ${takes}`);
        const folder = folderOf(cache, command);
        await buildGoCommands(context, { go, commands: [command], folder, code: "KUBERNETES_NOT_BUILT", install });
      });
    }
    return {
      chose: COMMANDS.map(({ command, version }) => `${command.name} ${version} built from its Go module`).join(", "),
      env: Object.fromEntries(COMMANDS.map(({ command, variable }) => [variable, binaryOf(cache, command)])),
    };
  },
};

/**
 * @param {import("./tool-cache.mjs").ToolCache} cache
 * @param {{ name: string }} command
 */
function folderOf(cache, command) {
  return join(cache.root, command.name, `built-${sourceDigest([command.name])}`);
}

/**
 * @param {import("./tool-cache.mjs").ToolCache} cache
 * @param {{ name: string }} command
 */
function binaryOf(cache, command) {
  return join(folderOf(cache, command), command.name);
}
