import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DockerEngine } from "../../../sdk/docker/index.ts";

/** Somebody who is not root, and a name for each; an image with Node has both. */
const FILES = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000:node:/home/node:/bin/sh\n",
  "etc/group": "root:x:0:\nnode:x:1000:\n",
  "etc/nsswitch.conf": "hosts: files dns\n",
};

/**
 * What stands in for `node:24-bookworm-slim` where there is no internet: the machine's own Node, with the libraries that it is linked
 * to. Built by a BuildKit daemon, and pushed under `name`.
 */
export async function pushNodeImage(name: string, builder: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "nullspace-node-image-"));
  try {
    const put = (path: string, copy: (to: string) => void) => {
      const to = join(dir, "root", path);
      mkdirSync(dirname(to), { recursive: true });
      copy(to);
    };
    put("usr/local/bin/node", (to) => copyFileSync(process.execPath, to));
    const linked = execFileSync("ldd", [process.execPath], { encoding: "utf8" });
    for (const [, library = ""] of linked.matchAll(/(?:=> |^\s*)(\/\S+) \(/gm)) {
      put(library, (to) => copyFileSync(library, to));
    }
    for (const [path, text] of Object.entries(FILES)) put(path, (to) => writeFileSync(to, text));
    const path = "ENV PATH=/usr/local/bin:/usr/bin:/bin";
    await pushImage(name, builder, { path: dir, dockerfileContent: `FROM scratch\nCOPY root/ /\n${path}\n` });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Builds on a BuildKit daemon, and pushes what comes of it; no engine is asked. */
export async function pushImage(
  name: string,
  builder: string,
  source: { path: string; dockerfileContent: string } | { fileobj: string },
): Promise<void> {
  const engine = new DockerEngine({ host: "unix:///nowhere.sock", env: {} });
  try {
    const outputs = [{ type: "image" as const, attrs: { name, push: "true" } }];
    await engine.build({ ...source, builder: { address: builder }, outputs }).done;
  } finally {
    await engine.close();
  }
}
