import { expect, it } from "vitest";
import { findings } from "../../../service/bin/doctor/findings.ts";
import { unboundedBy } from "../../../service/drivers/docker/host-size.ts";

const folder = {
  path: "/data",
  isThere: true,
  isInUse: false,
  freeBytes: 2 ** 40,
  reserveBytes: 2 ** 24,
  storeBytes: 0,
} as Parameters<typeof findings>[0];

/** What `/info` of a rootless engine without cgroups says (20.10.24), as far as it matters here. */
const rootless = { MemoryLimit: false, CpuCfsQuota: false, PidsLimit: false };
const info = { NCPU: 2, MemTotal: 2 ** 30, Driver: "overlay2" };

it("warns of an engine that cannot bound machines, and not of one that can or does not say", () => {
  const find = (unbounded: ReturnType<typeof unboundedBy>) =>
    findings(folder, { host: "unix:///d.sock", version: "20.10", unbounded, images: [], containers: 0 }).find(
      ({ name }) => name === "engine",
    );
  expect(find(unboundedBy({ ...info, ...rootless }))).toMatchObject({
    status: "warn",
    message: expect.stringMatching(/; it does not limit the memory, CPU time, processes of a machine$/),
    advice: expect.stringContaining("cgroup v2"),
  });
  expect(find(unboundedBy({ ...info, MemoryLimit: true, CpuCfsQuota: true, PidsLimit: true }))?.status).toBe("ok");
  expect(find(unboundedBy(info))?.status).toBe("ok");
});
