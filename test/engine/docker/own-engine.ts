import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { endOrphans } from "./engine-orphans.ts";

const START_TIMEOUT_MS = 60_000;

/** In a mount namespace of its own, where the hosts of the folder certs.d are this machine, and trusted. */
const IN_OWN_NAMESPACE = [
  'if [ -d "$0/certs.d" ]',
  "then mkdir -p /etc/docker && mount -t tmpfs none /etc/docker",
  'cp -r "$0/certs.d" /etc/docker/',
  '{ cat /etc/hosts; ls "$0/certs.d" | sed "s/:.*//; s/^/127.0.0.1 /"; } > "$0/hosts"',
  'mount --bind "$0/hosts" /etc/hosts',
  "fi",
  // User and group ids that root in a container becomes, for an engine with `userns-remap`.
  'if [ -e "$0/subordinate-ids" ]',
  "then touch /etc/subuid /etc/subgid",
  'for file in /etc/subuid /etc/subgid; do mount --bind "$0/subordinate-ids" "$file"; done',
  "fi",
  'exec dockerd "$@"',
].join("\n");

/** How an {@link OwnEngine} is attached: see {@link OwnEngine.start}. */
interface OwnEngineOptions {
  ownNetwork?: boolean;
  /** Folder for images and containers, on a file system to try. Default: in a temporary folder. */
  data?: string;
  /** Lines `USER:FIRST:COUNT` of /etc/subuid and /etc/subgid, for its setting `userns-remap`. */
  subordinateIds?: string;
}

const WITHOUT_NETWORK = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"];

/**
 * A dockerd of one test, which may be killed: own socket, data, and namespace of containerd; no network, so that it shares
 * neither bridge nor firewall with another one. Builds on it need `networkMode: "none"` or `"host"`.
 */
export class OwnEngine implements AsyncDisposable {
  readonly host: string;
  readonly #dir: string;
  #process: ChildProcess | undefined;
  readonly #options: OwnEngineOptions;
  #log = "";

  private constructor(dir: string, options: OwnEngineOptions) {
    this.#dir = dir;
    this.#options = options;
    this.host = `unix://${join(dir, "docker.sock")}`;
  }

  /**
   * @param settings of its daemon.json
   * @param trusted files with the certificates of registries on this machine, by `name:port`. To this dockerd the names
   *   are those of 127.0.0.1, by which it would not care about certificates
   * @param options.data folder for images and containers; default: one that goes with the engine
   * @param options.subordinateIds what it finds in /etc/subuid and /etc/subgid
   * @param options.ownNetwork a network namespace of its own, with a bridge and a firewall as Docker has them
   */
  static async start(
    settings: object = {},
    trusted: Record<string, string> = {},
    options: OwnEngineOptions = {},
  ): Promise<OwnEngine> {
    const engine = new OwnEngine(await mkdtemp(join(tmpdir(), "nullspace-dockerd-")), options);
    for (const [host, file] of Object.entries(trusted)) {
      await cp(file, join(engine.#dir, "certs.d", host, "ca.crt"));
    }
    await writeFile(join(engine.#dir, "daemon.json"), JSON.stringify(settings));
    if (options.subordinateIds !== undefined) {
      await writeFile(join(engine.#dir, "subordinate-ids"), options.subordinateIds);
      // Those users have to reach the data below it.
      await chmod(engine.#dir, 0o711);
    }
    await engine.startAgain();
    return engine;
  }

  /** Starts it on the data that are there. */
  async startAgain(): Promise<void> {
    const dir = this.#dir;
    await rm(join(dir, "dockerd.pid"), { force: true });
    const args = [
      `--host=${this.host}`,
      `--config-file=${join(dir, "daemon.json")}`,
      `--data-root=${this.#options.data ?? join(dir, "data")}`,
      `--exec-root=${join(dir, "exec")}`,
      `--pidfile=${join(dir, "dockerd.pid")}`,
      `--containerd-namespace=${basename(dir)}`,
      `--containerd-plugins-namespace=${basename(dir)}-plugins`,
      ...(this.#options.ownNetwork ? [] : WITHOUT_NETWORK),
      "--shutdown-timeout=5",
    ];
    const namespaces = this.#options.ownNetwork ? ["--mount", "--net"] : ["--mount"];
    const child = spawn("unshare", [...namespaces, "sh", "-c", IN_OWN_NAMESPACE, dir, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) =>
        reject(new Error(`${why} (dockerd needs root). Its log:\n${this.#log.slice(-4_000)}`));
      const timer = globalThis.setTimeout(() => fail("dockerd does not come up"), START_TIMEOUT_MS);
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        this.#log += text;
        if (!text.includes("API listen on")) return;
        clearTimeout(timer);
        resolve();
      });
      child.once("error", (error) => fail(error.message));
      child.once("exit", (code) => fail(`dockerd ended with ${code}`));
    });
  }

  /** The process, in whose namespaces the engine lives. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Ends it as a crash does, its containerd with it: one that is only about to end the next dockerd would take for its own. */
  async kill(): Promise<void> {
    const pidFile = join(this.#dir, "exec", "containerd", "containerd.pid");
    const pid = Number(await readFile(pidFile, "utf8"));
    await this.#end("SIGKILL");
    killIfThere(pid);
    while (isAlive(pid)) await setTimeout(20);
    await rm(pidFile, { force: true });
  }

  /** Freezes it: it keeps every connection, takes new ones, and answers nothing. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  /** Lets it go on. */
  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Ends it in good order, as a service manager does, and its containers with it. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await this.#end("SIGTERM");
    await endOrphans(this.#dir, basename(this.#dir));
    // A killed engine cannot unmount what its builds had mounted.
    const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n").map((line) => line.split(" ")[4] ?? "");
    for (const mount of mounts.filter((path) => path.startsWith(`${this.#dir}/`)).toReversed()) {
      await promisify(execFile)("umount", ["--lazy", mount]);
    }
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Until its parent has read its exit code a dead process has a folder too, but no command line. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}
