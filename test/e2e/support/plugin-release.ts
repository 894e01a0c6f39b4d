import { execFile, execFileSync } from "node:child_process";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { repo, type PulumiProject } from "./pulumi-project.ts";

const run = promisify(execFile);

/** What `npm run build:plugin` makes for this platform, behind a server of downloads as GitHub's releases are one. */
export class PluginRelease implements AsyncDisposable {
  readonly folder: string;
  readonly version: string;
  /** Path of the archive. */
  readonly archive: string;
  /** Path of the executable, unpacked. */
  readonly program: string;
  /** What was downloaded, by name. */
  readonly downloads: string[] = [];
  readonly #server: Server;

  private constructor(folder: string, server: Server) {
    this.folder = folder;
    this.#server = server;
    const { version } = JSON.parse(readFileSync(join(repo, "package.json"), "utf8")) as { version: string };
    this.version = version;
    const archive = readdirSync(folder).find((name) => name.endsWith(".tar.gz"));
    if (archive === undefined) throw new Error(`no archive in ${folder}`);
    this.archive = join(folder, archive);
    const unpacked = join(folder, "unpacked");
    mkdirSync(unpacked);
    execFileSync("tar", ["-xzf", this.archive, "-C", unpacked]);
    this.program = join(unpacked, "pulumi-resource-nullspace");
  }

  static async build(): Promise<PluginRelease> {
    const folder = mkdtempSync(join(tmpdir(), "nullspace-release-"));
    await run(process.execPath, [join(repo, "scripts", "plugin-binary.mjs"), "--out", folder]);
    const server = createServer((request, response) => {
      const name = basename(decodeURIComponent(request.url ?? ""));
      release.downloads.push(name);
      const file = join(folder, name);
      if (!existsSync(file)) return void response.writeHead(404).end();
      response.writeHead(200, { "content-length": statSync(file).size });
      createReadStream(file).pipe(response);
    });
    const release = new PluginRelease(folder, server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return release;
  }

  /** Has the CLI download and unpack the archive, as a user does. */
  async install(project: PulumiProject): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    const server = `http://127.0.0.1:${port}`;
    await project.ok("plugin", "install", "resource", "nullspace", this.version, "--server", server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
