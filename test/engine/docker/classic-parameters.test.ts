import { describe, expect, it } from "vitest";
import * as z from "zod";
import { buildFixture } from "./build-fixture.ts";
import { BASE_IMAGE } from "./engine-fixture.ts";

const { engine, logsOf } = buildFixture();

async function makeNetwork() {
  const name = `nullspace-test-${process.pid}`;
  const create = await engine.versioned({ method: "POST", path: "/networks/create", json: { Name: name } });
  const json = await engine.transport.json(create, z.object({ Id: z.string() }));
  const remove = async () =>
    engine.transport.text(await engine.versioned({ method: "DELETE", path: `/networks/${json.Id}` }));
  return { json, remove };
}

describe("the classic builder alone", () => {
  const builder = "classic";

  it("limits the memory and the CPUs of commands", async () => {
    // Version 2 of control groups has one folder, and counts swap by itself and shares as a weight.
    const v2 = ["memory.max", "memory.swap.max", "cpuset.cpus", "cpuset.mems", "cpu.max", "cpu.weight"];
    const v1 = [
      "memory/memory.limit_in_bytes",
      "memory/memory.memsw.limit_in_bytes",
      "cpuset/cpuset.cpus",
      "cpuset/cpuset.mems",
      "cpu/cpu.cfs_quota_us",
      "cpu/cpu.cfs_period_us",
      "cpu/cpu.shares",
    ];
    const command = `cd /sys/fs/cgroup; if [ -e memory.max ]; then echo v2; cat ${v2.join(" ")}; else echo v1; cat ${v1.join(" ")}; fi`;
    const lines = await logsOf({
      fileobj: `FROM ${BASE_IMAGE}\nRUN ${command}\n`,
      containerLimits: { memory: "64m", memswap: "96m", cpusetcpus: 0, cpushares: 512 },
      cpuPeriod: 50_000,
      cpuQuota: 25_000,
      cpusetMems: "0",
    });
    const expected: Record<string, string[]> = {
      // The weight is what the shares come to on a scale from 1 to 10,000.
      v2: ["67108864", "33554432", "0", "0", "25000 50000", "20"],
      v1: ["67108864", "100663296", "0", "0", "25000", "50000", "512"],
    };
    expect(lines.slice(1)).toEqual(expected[lines[0]!]);
  });

  it("puts commands below a control group of one's own", async () => {
    const cgroupParent = `/nullspace-test-${process.pid}`;
    const lines = await logsOf({ fileobj: `FROM ${BASE_IMAGE}\nRUN cat /proc/self/mountinfo\n`, cgroupParent });
    expect(lines.some((line) => line.includes(`${cgroupParent}/`))).toBe(true);
  });

  it("lets commands reach who is in a network, and takes the isolation that Linux has", async () => {
    const { json, remove } = await makeNetwork();
    try {
      const { id } = await engine.containers.create({
        Image: BASE_IMAGE,
        Cmd: ["sleep", "1000"],
        Labels: engine.labels,
        NetworkingConfig: { EndpointsConfig: { [json.Id]: { Aliases: ["target.example"] } } },
        HostConfig: { Init: true, NetworkMode: json.Id },
      });
      await engine.containers.start(id);
      const fileobj = `FROM ${BASE_IMAGE}\nRUN nslookup target.example | grep -c "Name:"\n`;
      expect(await logsOf({ fileobj, networkMode: json.Id, isolation: "default" })).toEqual(["1"]);
      await engine.containers.remove(id, { force: true });
    } finally {
      await remove();
    }
  });

  it("takes for its cache the images that were named, and no other", async () => {
    const tag = engine.imageName();
    const fileobj = `FROM ${BASE_IMAGE}\nENV FOO=${tag}\nRUN touch /a\nRUN touch /b\n`;
    await engine.build({ fileobj, builder, tags: tag }).done;
    const cachedWith = async (cacheFrom: string) => {
      let count = 0;
      for await (const one of engine.build({ fileobj, builder, cacheFrom, tags: engine.imageName() })) {
        if (one.kind === "step" && one.step.state === "cached") count++;
      }
      return count;
    };
    expect(await cachedWith(tag)).toBe(3);
    expect(await cachedWith("no-such-image:1")).toBe(0);
  });

  it("sizes shared memory and limits processes", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN df -k /dev/shm | tail -n 1 | awk '{print $2}' && ulimit -n\n`;
    const ulimits = [{ name: "nofile", soft: 111, hard: 222 }];
    expect(await logsOf({ fileobj, builder, shmSize: "32m", ulimits })).toEqual(["32768", "111"]);
  });

  it("keeps intermediate containers only when asked to", async () => {
    const count = async (mark: string) => {
      const all = await engine.containers.list({ all: true });
      const own = all.filter(({ Command }) => String(Command).includes(mark));
      for (const { Id } of own) await engine.containers.remove(Id);
      return own.length;
    };
    const fileobj = (mark: string, end = "") => `FROM ${BASE_IMAGE}\nRUN echo ${mark}${end}\n`;
    await engine.build({ fileobj: fileobj("rm-default"), builder, noCache: true, tags: engine.imageName() }).done;
    expect(await count("rm-default")).toBe(0);
    await engine.build({ fileobj: fileobj("rm-false"), builder, noCache: true, rm: false, tags: engine.imageName() })
      .done;
    expect(await count("rm-false")).toBe(1);
    await engine
      .build({ fileobj: fileobj("rm-fails", "; exit 1"), builder, noCache: true })
      .done.catch(() => undefined);
    expect(await count("rm-fails")).toBe(1);
    await engine
      .build({ fileobj: fileobj("rm-forced", "; exit 1"), builder, noCache: true, forcerm: true })
      .done.catch(() => undefined);
    expect(await count("rm-forced")).toBe(0);
  });

  it("says no to squash where the engine is not experimental", async () => {
    const build = engine.build({ fileobj: `FROM ${BASE_IMAGE}\n`, squash: true });
    await expect(build.done).rejects.toMatchObject({ code: "unsupported_by_engine" });
  });
});
