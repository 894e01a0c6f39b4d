import { basename, dirname, join } from "node:path";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { kubernetes } from "./kubernetes.mjs";
import { withLock } from "./lock.mjs";
import { FETCH_TIMEOUT_MS, takeOut } from "./package-contents.mjs";
import { findCommand, isExecutableFile } from "./platform.mjs";

/** Where Debian and Ubuntu put the plugins of containernetworking-plugins; no PATH names it. */
const CNI_FOLDERS = ["usr/lib/cni", "opt/cni/bin"];
const CNI_PLUGINS = ["bridge", "host-local", "loopback"];

/** What a cluster runs beside Kubernetes: Debian's package, and the programs in it. */
const PACKAGES = [
  { name: "etcd-server", programs: ["usr/bin/etcd"] },
  { name: "containerd", programs: ["usr/bin/containerd", "usr/bin/containerd-shim-runc-v2"] },
  { name: "runc", programs: ["usr/sbin/runc"] },
];
const CNI_PACKAGE = {
  name: "containernetworking-plugins",
  programs: CNI_PLUGINS.map((plugin) => `${CNI_FOLDERS[0]}/${plugin}`),
};

/**
 * etcd, containerd, runc and the network plugins: those on the machine, or, on Debian, those of their packages, which are taken out
 * and not installed, as etcd's would start one.
 *
 * @type {import("./step.mjs").Step}
 */
export const clusterPrograms = {
  title: "cluster programs",
  profiles: ["scale", "test"],
  needs: [kubernetes],
  async run(context) {
    const { cache, check, env, note, platform, signal } = context;
    if (!env["NULLSPACE_KUBERNETES"] && !check) return { chose: "of no use without Kubernetes" };
    const folderOf = (/** @type {string} */ name) => join(cache.root, "packages", name);
    /** @type {string[]} */
    const path = [];
    const obtain = async (/** @type {{ name: string, programs: readonly string[] }} */ { name, programs }) => {
      const folder = folderOf(name);
      const isThere = () => programs.every((program) => isExecutableFile(join(folder, program)));
      if (isThere()) return folder;
      if (check || platform.kind !== "debian") {
        const reason =
          platform.kind === "debian" ? "set-up takes it out of Debian's package (once, seconds)" : "it is not on PATH";
        throw new SetupError("NO_CLUSTER_PROGRAMS", `no ${programs.join(", ")} for a cluster of the tests: ${reason}`, {
          install: installHint("cluster-programs", platform),
        });
      }
      return withLock(join(cache.root, "locks", name), { timeoutMs: FETCH_TIMEOUT_MS, signal }, async () => {
        if (isThere()) return folder;
        note(`apt-get download ${name}`);
        const install = installHint("cluster-programs", platform);
        await takeOut(context, { name, programs, folder, code: "CLUSTER_PROGRAMS_NOT_FETCHED", install });
        return folder;
      });
    };
    for (const each of PACKAGES) {
      if (each.programs.every((program) => findCommand(basename(program), env) !== undefined)) continue;
      const folder = await obtain(each);
      path.push(...new Set(each.programs.map((program) => dirname(join(folder, program)))));
    }
    const installed = CNI_FOLDERS.map((folder) => `/${folder}`).find((folder) =>
      CNI_PLUGINS.every((plugin) => isExecutableFile(join(folder, plugin))),
    );
    const cni = installed ?? join(await obtain(CNI_PACKAGE), CNI_FOLDERS[0] ?? "");
    const names = PACKAGES.map(({ name }) => name).join(", ");
    return { chose: `${names}, network plugins in ${cni}`, path, env: { NULLSPACE_CNI: cni } };
  },
};
