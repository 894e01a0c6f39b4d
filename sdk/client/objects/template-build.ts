import { anyText, check, listOf, object, optional, options as optionsOf, text } from "../../arguments/index.ts";
import { CALL, CALL_MEMBERS, CONNECTION_MEMBERS } from "../argument-rules.ts";
import { FROM_OFFSET, LOG, WAIT } from "../builds.ts";
import type { BuilderStep } from "../../template/index.ts";
import type { RetryRequest, StatusSnapshot, TemplateBuild as BuildInfo } from "../../wire/build.ts";
import type { LogEntry } from "../../wire/log-entry.ts";
import type { BuildSecret } from "../../wire/registry-auth.ts";
import type { TemplateInfo } from "../../wire/template.ts";
import { isTerminalStatus } from "../../wire/terminal.ts";
import type { LogOptions, WaitOptions } from "../builds.ts";
import type { CallOptions } from "../call-options.ts";
import { InvalidResponseError } from "../errors.ts";
import { buildFailure } from "./build-failure.ts";
import { keepClient, type Connection, type ConnectionOptions } from "./connection.ts";

/** What a retry gives again: credentials are never stored. */
export interface RetryOptions extends CallOptions {
  /** Replace the tags of the first attempt. */
  tags?: readonly string[] | undefined;
  /** The same ids as the first attempt had. */
  buildSecrets?: readonly BuildSecret[] | undefined;
  baseImageAuth?: RetryRequest["base_image_auth"];
  registryAuth?: RetryRequest["registry_auth"];
}

const CONNECT = optionsOf<ConnectionOptions & CallOptions>({ ...CONNECTION_MEMBERS, ...CALL_MEMBERS });
const RETRY = optionsOf<RetryOptions>({
  ...CALL_MEMBERS,
  tags: listOf(text, "texts"),
  buildSecrets: listOf(object, "secrets"),
  baseImageAuth: object,
  registryAuth: listOf(object, "credentials"),
});

/**
 * A build that was accepted. It holds a connection: close it, or let `await using` do so.
 *
 * @example
 * ```ts
 * await using build = await TemplateBuild.connect("tb_…");
 * for await (const entry of build.logs({ follow: true })) console.log(entry.message);
 * ```
 */
export class TemplateBuild implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #steps: readonly BuilderStep[];
  #info: BuildInfo;

  /** @internal Use `Template.build`, `Template.buildInBackground` or `TemplateBuild.connect`. */
  constructor(connection: Connection, info: BuildInfo, steps: readonly BuilderStep[] = []) {
    this.#connection = connection;
    this.#info = info;
    this.#steps = steps;
  }

  /** A build by id, from any process. */
  static async connect(buildId: string, options: ConnectionOptions & CallOptions = {}): Promise<TemplateBuild> {
    check("TemplateBuild.connect", { buildId: text, options: CONNECT }, { buildId, options });
    const { signal } = options;
    return keepClient(options, async (connection) => {
      const { build } = await connection.client.builds.get(buildId, { signal });
      return new TemplateBuild(connection, build);
    });
  }

  /** `tb_…` */
  get buildId(): string {
    return this.#info.build_id;
  }

  /** Artifact of the build, `tmpl_…`; usable once the build is ready. */
  get templateId(): string {
    return this.#info.template_id;
  }

  /** `namespace/name` */
  get canonicalRef(): string {
    return this.#info.canonical_ref;
  }

  /**
   * Everything the service has said last about the build: status, cache summary, artifact availability, promotability,
   * retention, failure. `status()` asks again.
   */
  get info(): Readonly<BuildInfo> {
    return this.#info;
  }

  /** Had the build ended, well or not, when the service was last asked? */
  get isTerminal(): boolean {
    return isTerminalStatus(this.#info.status);
  }

  /** Asks how the build is, with its log so far. */
  async status(
    options: CallOptions & {
      /**
       * The first log entry to get.
       *
       * @default 0
       */
      offset?: number | undefined;
    } = {},
  ): Promise<StatusSnapshot> {
    check("TemplateBuild.status", { options: FROM_OFFSET }, { options });
    return this.#apply(await this.#connection.client.builds.get(this.buildId, options));
  }

  /** Log entries in order, each once; with `follow` until the build ends, through broken connections. */
  logs(options: LogOptions = {}): AsyncGenerator<LogEntry> {
    check("TemplateBuild.logs", { options: LOG }, { options });
    return this.#connection.client.builds.logs(this.buildId, options);
  }

  /** Stops the build. One that has ended stays as it is; that is no error. */
  async cancel(reason?: string, options: CallOptions = {}): Promise<StatusSnapshot> {
    check("TemplateBuild.cancel", { reason: optional(anyText), options: CALL }, { reason, options });
    return this.#apply(await this.#connection.client.builds.cancel(this.buildId, { ...options, reason }));
  }

  /** Builds again from the stored definition. The new build shares this one's connection. */
  async retry(options: RetryOptions = {}): Promise<TemplateBuild> {
    check("TemplateBuild.retry", { options: RETRY }, { options });
    const { tags, buildSecrets, baseImageAuth, registryAuth, ...call } = options;
    const request: RetryRequest = {
      ...(tags !== undefined && { tags: [...tags] }),
      ...(buildSecrets !== undefined && { build_secrets: [...buildSecrets] }),
      ...(baseImageAuth !== undefined && { base_image_auth: baseImageAuth }),
      ...(registryAuth !== undefined && { registry_auth: registryAuth }),
    };
    const info = await this.#connection.client.builds.retry(this.buildId, request, call);
    const shared = { client: this.#connection.client, close: () => Promise.resolve() };
    return new TemplateBuild(shared, info, this.#steps);
  }

  /**
   * Points a tag at the artifact of this build.
   *
   * @throws ConflictError when the build is not promotable: see `info.promotability`
   */
  async promote(tag: string, options: CallOptions = {}): Promise<TemplateInfo> {
    check("TemplateBuild.promote", { tag: text, options: CALL }, { tag, options });
    return this.#connection.client.builds.promote(this.buildId, { tag }, options);
  }

  /**
   * Waits until the build has ended. A cancelled one returns like a good one: look at `info.status`.
   *
   * @throws BuildError, or what else the failure's code stands for, when the build failed; with the line of the program
   *   that added the step, when the program that waits is the one that built
   */
  async waitUntilTerminal(options: WaitOptions = {}): Promise<StatusSnapshot> {
    check("TemplateBuild.waitUntilTerminal", { options: WAIT }, { options });
    const snapshot = this.#apply(await this.#connection.client.builds.waitUntilTerminal(this.buildId, options));
    this.throwIfFailed();
    return snapshot;
  }

  /** @throws BuildError, or what else the failure's code stands for, when the build had failed when last asked */
  throwIfFailed(): void {
    const failure = buildFailure(this.#info, this.#steps);
    if (failure !== undefined) throw failure;
  }

  /** What the service has said last; for logs and `JSON.stringify`. */
  toJSON(): BuildInfo {
    return this.#info;
  }

  /** Frees the connection, unless the client was yours. The build goes on. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #apply(snapshot: StatusSnapshot): StatusSnapshot {
    if (snapshot.build.template_id !== this.templateId) {
      throw new InvalidResponseError(
        `The service says that build ${this.buildId} makes ${snapshot.build.template_id}; before it was ${this.templateId}.`,
      );
    }
    this.#info = snapshot.build;
    return snapshot;
  }
}
