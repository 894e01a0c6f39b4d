import { expect } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { startPasswordRegistry } from "../../engine/service/password-registry.ts";
import { PROGRAM_SECRET } from "../sequences/support/program.ts";
import type { Row } from "../sequences/support/rows.ts";
import { baseImage } from "../support/service.ts";

const LOGIN = { username: "robin", password: `${PROGRAM_SECRET}/registry` };

/** Builds on an image that its registry gives only to those who log in. */
export const REGISTRY: Row[] = [
  {
    title: "image and registryAuth: wrong credentials are refused with the registry's name, right ones build",
    async play({ stack: make, world, defer }) {
      const registry = await startPasswordRegistry(baseImage(), LOGIN);
      defer(() => registry[Symbol.asyncDispose]());
      defer(async () => {
        const engine = new DockerEngine();
        await engine.images.remove(registry.image).catch(() => undefined);
        await engine.close();
      });
      const stack = await make();
      const program = (password: string) => {
        const auth = { kind: "basic", username: LOGIN.username, password };
        stack.program(`const registryAuth = ${JSON.stringify([{ registry: registry.host, auth }])};
          template("web", { registryAuth, image: "${registry.image}", context: undefined, buildArgs: undefined });
          template("two", { registryAuth, dockerfileContent: "FROM ${registry.image}\\nCOPY hello.txt /\\n" });`);
      };
      program(`${PROGRAM_SECRET}/wrong`);
      const refused = await stack.tryUp("--continue-on-error");
      expect(refused.exitCode, refused.text).not.toBe(0);
      for (const name of ["web", "two"]) {
        const reasons = stack.resource(name).initErrors?.join("\n");
        expect(reasons).toContain(registry.host);
        expect(reasons).toMatch(/registryAuth/);
      }
      // That no password stands in the state or in what was printed is looked at after the row.

      program(LOGIN.password);
      await stack.up();
      expect(stack.resource("web").initErrors ?? []).toEqual([]);
      expect(stack.resource("web").inputs.registryAuth).toHaveProperty("ciphertext");
      expect(await world.fileIn(world.ref("two"), "/hello.txt")).toBe("first\n");
      expect((await world.template("web")).tags).toEqual({ default: stack.resource("web").outputs.buildId });
      await stack.destroy();
      expect(await world.leftovers(["web", "two"])).toEqual([]);
    },
  },
];
