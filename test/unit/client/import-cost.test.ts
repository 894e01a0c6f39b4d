import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";

const index = new URL("../../../sdk/index.ts", import.meta.url).href;

/** Modules of other packages that a program loads when it runs `body`, in a process of its own. */
function packagesLoaded(body: string): string[] {
  const program = `
    import { registerHooks } from "node:module";
    const packages = new Set();
    registerHooks({
      load(url, context, next) {
        const match = /\\/node_modules\\/([^/]+)/.exec(url);
        if (match) packages.add(match[1]);
        return next(url, context);
      },
    });
    const sdk = await import(${JSON.stringify(index)});
    ${body}
    console.log(JSON.stringify([...packages]));`;
  const args = ["--conditions=nullspace-source", "--input-type=module", "--eval", program];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as string[];
}

it("importing the SDK, and describing a template with it, loads no other package", () => {
  expect(packagesLoaded('sdk.Template.fromImage("a").run("b").toJSON();')).toEqual([]);
});

it("a call loads what it needs", () => {
  const call =
    'await new sdk.NullspaceClient({ apiKey: "k", baseUrl: "http://127.0.0.1:1" }).templates.list().catch(() => {});';
  expect(packagesLoaded(call)).toContain("undici");
});

it("a program of the Docker client waits for no HTTP library, and not for Node's fetch", () => {
  const docker = new URL("../../../sdk/docker/index.ts", import.meta.url).href;
  const ping = `
    const { DockerEngine } = await import(${JSON.stringify(docker)});
    const engine = new DockerEngine({ host: "unix:///nothing/here", env: {} });
    await engine.ping().catch(() => {});
    packages.add(process.moduleLoadList.find((name) => name.includes("deps/undici")) ?? "no fetch");`;
  const loaded = packagesLoaded(ping);
  expect(loaded).toContain("no fetch");
  expect(loaded).not.toContain("undici");
});
