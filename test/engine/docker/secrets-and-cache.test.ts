import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { BuildOptions } from "../../../sdk/docker/index.ts";
import { buildFixture } from "./build-fixture.ts";
import { BASE_IMAGE } from "./engine-fixture.ts";
import { LOGIN, startPrivateRegistry } from "./private-registry.ts";

const { engine, scratch, folder, logsOf } = buildFixture();

/** Records of BuildKit's cache whose description holds `text`. */
async function cacheRecords(text: string, type?: string): Promise<string[]> {
  const usage = z.object({
    BuildCache: z.array(z.looseObject({ ID: z.string(), Type: z.string(), Description: z.string() })),
  });
  const request = await engine.versioned({ method: "GET", path: "/system/df" });
  const { BuildCache } = await engine.transport.json(request, usage);
  return BuildCache.filter(
    ({ Type, Description }) => Description.includes(text) && (type === undefined || Type === type),
  ).map(({ ID }) => ID);
}

describe("BuildKit alone", () => {
  const builder = "buildkit";

  it.each<[string, (file: string) => NonNullable<BuildOptions["secrets"]>[number]]>([
    ["a value", () => ({ id: "token", value: "sesame-open" })],
    ["a file", (file) => ({ id: "token", file })],
    ["a variable", () => ({ id: "token", env: "NULLSPACE_TEST_SECRET" })],
  ])(
    "mounts a secret from %s, and none of it stays in the image, its history or the engine's records",
    async (_name, secret) => {
      const file = join(await scratch("secret"), "secret");
      await writeFile(file, "sesame-open");
      process.env.NULLSPACE_TEST_SECRET = "sesame-open";
      const tag = engine.imageName();
      const fileobj = `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=token,required md5sum < /run/secrets/token > /sum\n`;
      const build = engine.build({ fileobj, secrets: [secret(file)], tags: tag, noCache: true });
      let records = "";
      for await (const record of build.records()) {
        // A trace is base64 of what would show it.
        const trace = typeof record.aux === "string" ? Buffer.from(record.aux, "base64").toString("latin1") : "";
        records += JSON.stringify(record) + trace;
      }
      expect(records).toContain("md5sum");
      await build.done;
      const container = await engine.runContainer(["sleep", "1000"], tag);
      const { stdout } = await engine.containers.exec(container, {
        cmd: [
          "sh",
          "-c",
          "cat /sum; printf sesame-open | md5sum; ls /run/secrets 2>&1; grep -rl sesame-open / --exclude-dir=proc --exclude-dir=sys || true",
        ],
      });
      const [made, expected, ...rest] = stdout.trim().split("\n");
      expect(made).toBe(expected);
      expect(rest.join("\n")).not.toContain("token");
      const history = JSON.stringify([await engine.images.history(tag), await engine.images.inspect(tag)]);
      expect(records + history).not.toContain("sesame-open");
    },
  );

  it("fails when a required secret was not given, and before it begins when one cannot be read", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=other,required true\n`;
    await expect(engine.build({ fileobj, builder, noCache: true }).done).rejects.toMatchObject({
      code: "image_build_failed",
    });
    for (const secret of [
      { id: "a", file: "/no/such/file" },
      { id: "a", env: "NULLSPACE_NOT_SET" },
    ]) {
      await expect(engine.build({ fileobj, secrets: [secret] }).done).rejects.toMatchObject({
        code: "invalid_docker_option",
        option: "secrets",
      });
    }
  });

  it("lets a command use an SSH agent, whose keys stay where they are", async () => {
    const dir = await scratch("agent");
    const socket = join(dir, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    const key = join(dir, "key");
    try {
      await expect.poll(() => readFile("/proc/net/unix", "utf8")).toContain(socket);
      await promisify(execFile)("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
      await promisify(execFile)("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      // The base image has no SSH client, so this machine's goes along, with the libraries that it is linked to.
      const { stdout } = await promisify(execFile)("sh", ["-c", 'p=$(command -v ssh-add); echo "$p"; ldd "$p"']);
      const files = stdout.match(/(?<=^|\s)\/\S+/gm) ?? [];
      const path = await folder({
        Dockerfile: `FROM ${BASE_IMAGE}\nCOPY root /\nRUN --mount=type=ssh ${files[0]} -L\n`,
      });
      for (const file of files) await cp(await realpath(file), join(path, "root", file), { recursive: true });
      const lines = await logsOf({ path, ssh: [{ id: "default", socket }] });
      expect(lines).toEqual([(await readFile(`${key}.pub`, "utf8")).trim()]);
    } finally {
      agent.kill();
      await once(agent, "exit");
    }
  });

  it("puts cache facts into the image when asked to, which then serves as cache where there is none", async () => {
    await using registry = await startPrivateRegistry({ tls: false });
    const auth = { [registry.host]: LOGIN };
    const name = `${registry.host}/team/inline:1`;
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo ${name} > /f\n`;
    await engine.build({ fileobj, cacheTo: "inline", tags: name }).done;
    await engine.images.push(name, { auth: LOGIN });
    await engine.images.remove(name);
    for (const id of await cacheRecords(name)) await engine.pruneBuilds({ filters: { id }, all: true });
    expect(await cacheRecords(name)).toEqual([]);
    const states = new Map<string, string>();
    for await (const one of engine.build({ fileobj, cacheFrom: name, auth, builder, tags: engine.imageName() })) {
      if (one.kind === "step") states.set(one.step.name.slice(0, 5), one.step.state);
    }
    expect(states.get("[2/2]")).toBe("cached");
  });

  it("prunes the cache that a filter names, and no other", async () => {
    const mark = `prune-${process.pid}-${Date.now()}`;
    await logsOf({
      fileobj: `FROM ${BASE_IMAGE}\nRUN --mount=type=cache,target=/c,id=${mark} echo ${mark} > /c/f\n`,
      builder,
    });
    expect(await engine.pruneBuilds({ filters: { id: "nothing-has-this-id" }, all: true })).toEqual({
      cachesDeleted: [],
      spaceReclaimedBytes: 0,
    });
    const own = await cacheRecords(mark, "exec.cachemount");
    const { cachesDeleted } = await engine.pruneBuilds({ filters: { id: own[0]! }, all: true });
    expect(own).toHaveLength(1);
    expect(cachesDeleted.toSorted()).toEqual(own.toSorted());
    await expect(engine.pruneBuilds({ filters: { id: [] } })).rejects.toMatchObject({ option: "filters" });
  });
});
