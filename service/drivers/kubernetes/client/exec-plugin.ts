import { execFile } from "node:child_process";
import * as z from "zod";
import type { Credentials, Identity } from "./cluster-access.ts";
import { CredentialsError } from "./errors.ts";
import type { PemText } from "./pem-text.ts";

/** `exec` of a user in a kubeconfig (client.authentication.k8s.io). */
export const ExecConfig = z.looseObject({
  apiVersion: z.enum(["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  installHint: z.string().nullish(),
  provideClusterInfo: z.boolean().nullish(),
});
export type ExecConfig = z.infer<typeof ExecConfig>;

/** What a plugin may be told of the cluster (`provideClusterInfo`). */
export interface ExecCluster {
  readonly server: string;
  readonly ca?: PemText | undefined;
  readonly serverName?: string | undefined;
  readonly isInsecure?: boolean | undefined;
}

const Answer = z.looseObject({
  apiVersion: z.string(),
  kind: z.literal("ExecCredential"),
  status: z.looseObject({
    token: z.string().nullish(),
    clientCertificateData: z.string().nullish(),
    clientKeyData: z.string().nullish(),
    expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
  }),
});

/** A plugin that asks somebody to log in would wait for ever: here is nobody. */
const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Asked again so long before the end of what it gave last. */
const EARLY_MS = 30_000;

/** A program that gives credentials, and says how long they are good. It runs once for all who wait. */
export class ExecPlugin implements Credentials {
  readonly #config: ExecConfig;
  readonly #folder: string;
  readonly #cluster: ExecCluster;
  #asking: Promise<Identity> | undefined;
  #kept: { identity: Identity; untilMs: number } | undefined;

  /** @param folder where a command with a slash and without one at its beginning is */
  constructor(config: ExecConfig, folder: string, cluster: ExecCluster) {
    this.#config = config;
    this.#folder = folder;
    this.#cluster = cluster;
  }

  async get(): Promise<Identity> {
    if (this.#kept !== undefined && Date.now() < this.#kept.untilMs) return this.#kept.identity;
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  refused(): void {
    this.#kept = undefined;
  }

  async #ask(): Promise<Identity> {
    const { command, installHint, apiVersion } = this.#config;
    const text = await this.#run();
    let answer: z.infer<typeof Answer>;
    try {
      answer = Answer.parse(JSON.parse(text));
    } catch {
      // Not the cause either: what it quotes may be a token.
      throw new CredentialsError(`The credential plugin ${command} did not answer with an ExecCredential.`);
    }
    if (answer.apiVersion !== apiVersion) {
      const message = `The credential plugin ${command} answers in ${answer.apiVersion}; the kubeconfig asks for ${apiVersion}.`;
      throw new CredentialsError(message);
    }
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = answer.status;
    if (!token && !(cert && key)) {
      const hint = installHint == null ? "" : ` ${installHint}`;
      throw new CredentialsError(
        `The credential plugin ${command} gave neither a token nor a certificate with its key.${hint}`,
      );
    }
    const identity = { ...(token && { token }), ...(cert && key && { cert, key }) };
    // Without a time they are good until the server refuses them.
    const untilMs = expirationTimestamp == null ? Infinity : Date.parse(expirationTimestamp) - EARLY_MS;
    this.#kept = { identity, untilMs };
    return identity;
  }

  #run(): Promise<string> {
    const { apiVersion, command, args, env, installHint, provideClusterInfo } = this.#config;
    const { server, ca, serverName, isInsecure } = this.#cluster;
    const cluster = {
      server,
      ...(ca !== undefined && { "certificate-authority-data": Buffer.from(ca.text).toString("base64") }),
      ...(serverName !== undefined && { "tls-server-name": serverName }),
      ...(isInsecure && { "insecure-skip-tls-verify": true }),
    };
    const info = {
      apiVersion,
      kind: "ExecCredential",
      spec: { interactive: false, ...(provideClusterInfo && { cluster }) },
    };
    const options = {
      cwd: this.#folder,
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_ANSWER_BYTES,
      env: {
        ...process.env,
        ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
        KUBERNETES_EXEC_INFO: JSON.stringify(info),
      },
    };
    return new Promise((resolve, reject) => {
      execFile(command, args ?? [], options, (error, stdout) => {
        if (error === null) return resolve(stdout);
        const hint = installHint == null ? "" : ` ${installHint}`;
        // Neither its output nor the error, which quotes its arguments: both may hold secrets.
        const how =
          error.code === "ENOENT"
            ? "is not there"
            : error.killed
              ? `did not end within ${TIMEOUT_MS / 1000} s`
              : `ended with ${error.signal ?? `exit code ${error.code ?? "unknown"}`}`;
        reject(new CredentialsError(`The credential plugin ${command} ${how}.${hint}`));
      }).stdin?.end();
    });
  }
}
