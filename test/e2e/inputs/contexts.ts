import { expect } from "vitest";
import type { Row } from "../sequences/support/rows.ts";
import { summary } from "../sequences/support/stack.ts";
import { refusedPreview } from "./refusals.ts";

/** The Dockerfile's own stage is in the middle of those that it knows by name. */
const DOCKERFILE = [
  "ARG BASE_IMAGE",
  "FROM $BASE_IMAGE AS own",
  "COPY hello.txt /hello.txt",
  "FROM upon",
  "COPY --from=tools /bin/sh /tool",
  "COPY --from=own /hello.txt /hello.txt",
  "",
].join("\n");

/** Images that a Dockerfile knows by name. */
export const CONTEXTS: Row[] = [
  {
    title:
      "contexts: images by name are built with; another image is named in the preview and built; then nothing changes",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.project.write("app/Dockerfile", DOCKERFILE);
      const program = (tools: string, more = "") =>
        stack.program(`const image = "docker-image://" + BASE.BASE_IMAGE;
          template("web", { contexts: { tools: ${tools}, upon: image ${more} } });`);
      program("image");
      await stack.up();
      const [first] = (await world.template("web")).builds;
      expect(await world.outputIn(world.ref("web"), "cat /hello.txt; test -x /tool && echo tool")).toBe(
        "first\ntool\n",
      );
      expect(summary(await stack.up())).toEqual({ unchanged: 1 });

      program(`image + "@" + ${JSON.stringify(await digestOfBase())}`);
      const preview = await stack.project.ok("preview", "--diff");
      expect(preview.text).toMatch(/contexts[^]*tools[^]*@sha256:/);
      expect(preview.text).toContain("a new build, because of contexts.tools");
      await stack.up();
      const { builds } = await world.template("web");
      expect(builds).toHaveLength(2);
      expect(builds[1]).toBe(first);
      expect(summary(await stack.up())).toEqual({ unchanged: 1 });

      stack.project.write("app/hello.txt", "second\n");
      await stack.up();
      expect(await world.fileIn(world.ref("web"), "/hello.txt")).toBe("second\n");

      // Its last line but one is the sixth; what is sent has two more in front of it.
      stack.project.write(
        "app/Dockerfile",
        DOCKERFILE.replace("COPY --from=own", "RUN test -x /nothing\nCOPY --from=own"),
      );
      const failed = await stack.project.run("up", "--yes", "--skip-preview");
      expect(failed.exitCode).not.toBe(0);
      expect(failed.text).toContain("line 8 is line 6 of your Dockerfile");
      stack.project.write("app/Dockerfile", DOCKERFILE);

      program('"./two"');
      expect(await refusedPreview(stack)).toMatch(/contexts\.tools.*is a folder.*docker-image:/s);
      program('"https://example.com/tools.git"');
      expect(await refusedPreview(stack)).toMatch(/contexts\.tools.*is a URL.*ADD/s);
      program("image", ", own: image");
      expect(await refusedPreview(stack)).toMatch(/contexts\.own.*a stage own of its own/s);
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
];

/** Digest of the base image's manifest, as its registry has it. */
async function digestOfBase(): Promise<string> {
  const [, host, name, tag] = /^([^/]+)\/(.+):([^:]+)$/.exec(process.env.NULLSPACE_BASE_IMAGE!)!;
  const answer = await fetch(`http://${host}/v2/${name}/manifests/${tag}`, {
    headers: {
      accept: "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json",
    },
  });
  return answer.headers.get("docker-content-digest")!;
}
