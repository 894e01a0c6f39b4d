import { describe, expect, it } from "vitest";
import { findings } from "../../../service/bin/doctor/findings.ts";
import { unboundedBy } from "../../../service/drivers/docker/host-size.ts";

type Folder = Parameters<typeof findings>[0];

const folder = {
  path: "/data",
  isThere: true,
  isInUse: false,
  freeBytes: 2 ** 40,
  reserveBytes: 2 ** 24,
  storeBytes: 0,
} as Folder;

/** What `/info` of a rootless engine without cgroups says (20.10.24), as far as it matters here. */
const rootless = { MemoryLimit: false, CpuCfsQuota: false, PidsLimit: false };
const info = { NCPU: 2, MemTotal: 2 ** 30, Driver: "overlay2" };

describe("what is wrong", () => {
  const engine = { host: "unix:///var/run/docker.sock", unbounded: [], images: [], containers: 0 };
  const store = {
    version: 1,
    tables: [],
    freeBytes: 0,
    templates: 1,
    builds: 1,
    openBuilds: 0,
    logBytes: 0,
    blobBytes: 0,
    pools: 2,
    degradedPools: [],
    machines: 0,
    keys: 1,
    artifacts: [],
  };
  const find = (name: string, given: object, of: object = {}) =>
    findings({ ...folder, blobFiles: { count: 0, bytes: 0 }, ...given } as Folder, {
      engine: { ...engine, ...of },
    }).find((each) => each.name === name);

  it("is told with what to type, which a shell reads as it is meant", () => {
    const path = "/my data/it's";
    const quoted = `'/my data/it'"'"'s'`;
    expect(find("folder", { path, isThere: false })?.command).toBe(`nullspace-local serve --data ${quoted}`);
    expect(find("disk", { path, freeBytes: 1000 })?.command).toBe(`df -h ${quoted}`);
    expect(find("keys", { path, store: { ...store, keys: 0 } })?.command).toBe(
      `nullspace-local keys create NAME --data ${quoted}`,
    );
    expect(find("store", { storeProblem: "it is no database" })).toMatchObject({
      status: "fail",
      command: "mv /data /data.broken",
    });
  });

  it("is told of an engine by why it does not answer", () => {
    expect(find("engine", {}, { problem: "no socket", problemCode: "ENOENT" })).toMatchObject({
      status: "fail",
      command: "sudo systemctl start docker",
    });
    expect(find("engine", {}, { problem: "denied", problemCode: "EACCES" })).toMatchObject({
      advice: expect.stringContaining("log in again"),
      command: 'sudo usermod -aG docker "$USER"',
    });
    // What starts an engine elsewhere is not known here.
    expect(find("engine", {}, { problem: "refused", host: "tcp://10.0.0.1:2375" })).not.toHaveProperty("command");
  });

  it("is told of pools that cannot be filled, by name and reason, and of so many names as one can read", () => {
    expect(find("pools", { store })?.status).toBe("ok");
    const degradedPools = Array.from({ length: 7 }, (_, n) => ({ name: `p${n}`, reason: "artifact_not_ready" }));
    expect(find("pools", { store: { ...store, degradedPools } })).toMatchObject({
      status: "warn",
      message: expect.stringMatching(/^7 cannot be filled: p0 \(artifact_not_ready\), .* and 2 more$/),
      command: "nullspace-local pools",
    });
    expect(find("pools", { store: { ...store, pools: 0 } })).toBeUndefined();
  });
});

it("warns of an engine that cannot bound machines, and not of one that can or does not say", () => {
  const find = (unbounded: ReturnType<typeof unboundedBy>) =>
    findings(folder, {
      engine: { host: "unix:///d.sock", version: "20.10", unbounded, images: [], containers: 0 },
    }).find(({ name }) => name === "engine");
  expect(find(unboundedBy({ ...info, ...rootless }))).toMatchObject({
    status: "warn",
    message: expect.stringMatching(/; it does not limit the memory, CPU time, processes of a machine$/),
    advice: expect.stringContaining("cgroup v2"),
  });
  expect(find(unboundedBy({ ...info, MemoryLimit: true, CpuCfsQuota: true, PidsLimit: true }))?.status).toBe("ok");
  expect(find(unboundedBy(info))?.status).toBe("ok");
});
