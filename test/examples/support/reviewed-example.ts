import { join } from "node:path";
import { baseImage } from "../../e2e/support/service.ts";
import { Example } from "./example.ts";
import { HostedRepository } from "./forge/hosted-repository.ts";

/** `examples/pull-request` as its reader has it after the first steps of its README: two stacks, and a repository. */
export class ReviewedExample implements Disposable {
  readonly example: Example;
  readonly repository: HostedRepository;

  private constructor(example: Example, repository: HostedRepository) {
    this.example = example;
    this.repository = repository;
  }

  static async make(): Promise<ReviewedExample> {
    const example = new Example("pull-request", {});
    await example.stack();
    await example.pulumi("stack", "init", "production");
    await example.pulumi("config", "set", "promoteFrom", "organization/pull-request/dev", "--stack", "production");
    example.write("Pulumi.local.yaml", `config:\n  pull-request:baseImage: ${baseImage()}\n`);
    return new ReviewedExample(example, await HostedRepository.of(example.dir));
  }

  /** What `npm ci` would install for a job. */
  get packages(): string {
    return join(this.example.dir, "node_modules");
  }

  /** Where the state of its stacks is, and what encrypts the secrets in it. */
  get state(): { PULUMI_BACKEND_URL: string; PULUMI_CONFIG_PASSPHRASE: string } {
    const { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE } = this.example.env;
    return { PULUMI_BACKEND_URL: PULUMI_BACKEND_URL!, PULUMI_CONFIG_PASSPHRASE: PULUMI_CONFIG_PASSPHRASE! };
  }

  /** What a runner has: programs and an engine, and nothing of this machine's settings. */
  get machine(): Record<string, string> {
    const { PATH = "", DOCKER_HOST } = process.env;
    return {
      PATH,
      ...(DOCKER_HOST !== undefined && { DOCKER_HOST }),
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
  }

  /** One output of a stack. */
  async output(stack: string, name: string): Promise<string> {
    return (await this.example.pulumi("stack", "output", name, "--stack", stack)).stdout.trim();
  }

  [Symbol.dispose](): void {
    this.repository[Symbol.dispose]();
    this.example[Symbol.dispose]();
  }
}
