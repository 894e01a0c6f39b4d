import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Controller } from "../../../provider/core/controller.ts";
import type { Properties } from "../../../provider/core/properties.ts";
import type { OperationContext } from "../../../provider/core/operation-context.ts";
import { markOfUrn } from "../../../provider/core/ownership/mark.ts";
import { DeclaredInputs } from "../../../provider/core/ownership/declared-inputs.ts";
import type { ProviderConfig } from "../../../provider/core/provider-config.ts";

/** A Pulumi program's folder, and the context that a shell would give to its resources' operations. */
export class ProgramFolder implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), "nullspace-program-"));
  /** Messages to the user, `severity: text`. */
  readonly messages: string[] = [];
  /** What the program asks for; a test that plays several runs begins each with a new one. */
  declared = new DeclaredInputs();
  readonly #config: ProviderConfig;

  constructor(config: ProviderConfig) {
    this.#config = config;
  }

  write(files: Record<string, string>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.dir, path)), { recursive: true });
      writeFileSync(join(this.dir, path), content);
    }
  }

  context(options: Partial<OperationContext> = {}): OperationContext {
    const urn = options.urn ?? "urn:pulumi:dev::test::nullspace:index:Test::test";
    return {
      urn,
      mark: markOfUrn(urn),
      declared: this.declared,
      shell: { imports: true, customTimeouts: true, resourceToken: (type) => `nullspace:index:${type}` },
      secretInputs: [],
      preview: false,
      signal: new AbortController().signal,
      log: (severity, message) => this.messages.push(`${severity}: ${message}`),
      config: this.#config,
      cwd: this.dir,
      ...options,
    };
  }

  /** Inputs as Check leaves them; a failure fails the test. */
  async check(controller: Controller, news: Properties, olds?: Properties): Promise<Properties> {
    const { inputs, failures } = await controller.check({ news, ...(olds && { olds }) }, this.context());
    if (failures.length > 0) throw new Error(`check failed: ${JSON.stringify(failures)}`);
    return inputs;
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
