import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import ssh2 from "ssh2";

/** An SSH server of this machine, and a folder whose `ssh` goes there with a configuration of its own. */
export interface SshServer extends AsyncDisposable {
  readonly port: number;
  /** To be first on PATH: the system's `ssh`, which reads this set-up in place of the user's. */
  readonly binDir: string;
  /** Commands that it was asked to run. */
  readonly commands: readonly string[];
  /** Environment that it runs them in. */
  env: NodeJS.ProcessEnv;
  /** Gives the client another key, which the server does not know. */
  changeClientKey(): Promise<void>;
  /** Gives the server's name another key than it has. */
  changeKnownHost(): Promise<void>;
}

/** Starts a server on a free loopback port that takes one key, and runs what it is asked to. */
export async function startSshServer(): Promise<SshServer> {
  const dir = await mkdtemp(join(tmpdir(), "nullspace-ssh-"));
  const makeKey = async (name: string) => {
    await rm(join(dir, name), { force: true });
    await promisify(execFile)("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(dir, name)]);
    return {
      secret: await readFile(join(dir, name), "utf8"),
      public: await readFile(join(dir, `${name}.pub`), "utf8"),
    };
  };
  const hostKey = await makeKey("host");
  const clientKey = ssh2.utils.parseKey((await makeKey("client")).public);
  if (clientKey instanceof Error) throw clientKey;
  const commands: string[] = [];
  const clients = new Set<ssh2.Connection>();
  const listener = new ssh2.Server({ hostKeys: [hostKey.secret] }, (client) => {
    clients.add(client);
    client.once("close", () => clients.delete(client));
    // One that gives up the handshake is no failure of the server.
    client.on("error", () => client.end());
    client.on("authentication", (context) => {
      const isKnown = context.method === "publickey" && context.key.data.equals(clientKey.getPublicSSH());
      const isSigned =
        isKnown &&
        (!context.signature || clientKey.verify(context.blob!, context.signature, context.hashAlgo) === true);
      if (isSigned) context.accept();
      else context.reject(["publickey"]);
    });
    client.on("session", (accept) =>
      accept().on("exec", (acceptExec, _reject, { command }) => {
        commands.push(command);
        runCommand(acceptExec(), command, server.env);
      }),
    );
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const knownHosts = join(dir, "known_hosts");
  const writeKnownHosts = (key: string) => writeFile(knownHosts, `[127.0.0.1]:${port} ${key}`);
  await writeKnownHosts(hostKey.public);
  const config = `IdentityFile ${join(dir, "client")}\nIdentitiesOnly yes\nUserKnownHostsFile ${knownHosts}\n`;
  await writeFile(join(dir, "config"), `${config}GlobalKnownHostsFile /dev/null\n`);
  const { stdout } = await promisify(execFile)("sh", ["-c", "command -v ssh"]);
  await writeFile(join(dir, "ssh"), `#!/bin/sh\nexec ${stdout.trim()} -F ${join(dir, "config")} "$@"\n`);
  await chmod(join(dir, "ssh"), 0o755);
  const server: SshServer = {
    port,
    binDir: dir,
    commands,
    env: { ...process.env },
    async changeClientKey() {
      await makeKey("client");
    },
    async changeKnownHost() {
      await writeKnownHosts((await makeKey("other")).public);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.end();
      listener.close();
      await rm(dir, { recursive: true });
    },
  };
  return server;
}

function runCommand(channel: ssh2.ServerChannel, command: string, env: NodeJS.ProcessEnv): void {
  const child = spawn("/bin/sh", ["-c", command], { env, stdio: ["pipe", "pipe", "pipe"] });
  channel.pipe(child.stdin);
  // Who has ended does not read.
  child.stdin.on("error", () => child.stdin.destroy());
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.once("close", () => child.kill());
  child.once("close", (code) => {
    channel.exit(code ?? 1);
    channel.end();
  });
}
