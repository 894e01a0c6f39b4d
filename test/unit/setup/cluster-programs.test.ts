import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clusterPrograms } from "../../../scripts/setup/cluster-programs.mjs";
import { kubernetes } from "../../../scripts/setup/kubernetes.mjs";
import { command } from "./support/child-process.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const PLATFORM = { kind: "debian" as const, arch: "x64", isRoot: false, canInstallPackages: false };

function choose(
  step: typeof clusterPrograms,
  env: NodeJS.ProcessEnv,
  { root = temporaryFolder(), check = false, profile = "scale" as "scale" | "test", kind = "debian" as string } = {},
) {
  const platform = { ...PLATFORM, kind: kind as "debian" };
  const unused = { root: "/", note: () => undefined, onStop: () => undefined, signal: undefined };
  return step.run({ env, platform, check, cache: { root, id: "" }, profile, ...unused });
}

/** A PATH with an apt-get that fetches something, and a dpkg-deb that finds every program of a cluster in it. */
function debian(): string {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  command(folder, "apt-get", 'echo package > "$2_1_amd64.deb"');
  const programs = ["bin/etcd", "bin/containerd", "bin/containerd-shim-runc-v2", "sbin/runc"];
  const plugins = ["bridge", "host-local", "loopback"].map((name) => `lib/cni/${name}`);
  const unpack = [...programs, ...plugins, "bin/other"].map(
    (path) => `mkdir -p "$3/usr/$(dirname ${path})" && echo > "$3/usr/${path}" && chmod +x "$3/usr/${path}"`,
  );
  command(folder, "dpkg-deb", unpack.join(" && "));
  // No program of this machine may be found but these.
  for (const name of ["mkdir", "dirname", "chmod"]) command(folder, name, `exec /bin/${name} "$@"`);
  return folder;
}

test("what a cluster runs is taken out of Debian's packages once, and only that", async () => {
  const root = temporaryFolder();
  const env = { PATH: debian(), NULLSPACE_KUBERNETES: "/kubernetes" };
  const { path = [] } = await choose(clusterPrograms, env, { root });
  const packages = join(root, "packages");
  expect(path).toEqual([
    join(packages, "etcd-server/usr/bin"),
    join(packages, "containerd/usr/bin"),
    join(packages, "runc/usr/sbin"),
  ]);
  expect(existsSync(join(path[0]!, "etcd"))).toBe(true);
  expect(existsSync(join(path[0]!, "other"))).toBe(false);
  // They are there now: nothing is fetched again.
  expect((await choose(clusterPrograms, { ...env, PATH: "" }, { root })).path).toEqual(path);
});

test("without the programs there is an error that says how to get them, and a mere look fetches nothing", async () => {
  const env = { PATH: debian(), NULLSPACE_KUBERNETES: "/kubernetes" };
  for (const options of [{ check: true }, { kind: "linux" }]) {
    await expect(choose(clusterPrograms, env, options)).rejects.toMatchObject({
      code: "NO_CLUSTER_PROGRAMS",
      install: expect.stringContaining("etcd"),
    });
  }
});

test("the tests of every change do without a Kubernetes that is not built, and those on a cluster do not", async () => {
  const { chose, env } = await choose(kubernetes, { PATH: "" }, { profile: "test" });
  expect(chose).toContain("are skipped");
  expect(env).toBeUndefined();
  expect((await choose(clusterPrograms, { PATH: "" }, { profile: "test" })).chose).toBe("of no use without Kubernetes");
  await expect(choose(kubernetes, { PATH: "" })).rejects.toMatchObject({
    code: "NO_KUBERNETES",
    install: expect.stringContaining("Go 1.26.8"),
  });
});
