import { randomBytes } from "node:crypto";
import { DockerEngine } from "../../../sdk/docker/index.ts";

/** Label of everything that these tests make on the engine. */
export const TEST_LABEL = "org.nullspace.test.docker";

/** A small image with a shell, on a registry of this machine. */
export const BASE_IMAGE = required("NULLSPACE_BASE_IMAGE");

/** The engine under test, and a clean-up for what a test makes on it. */
export function openEngine(): TestEngine {
  required("DOCKER_HOST");
  return new TestEngine();
}

/** An engine that removes at the end what was made through it. */
export class TestEngine extends DockerEngine implements AsyncDisposable {
  readonly #run = randomBytes(4).toString("hex");
  readonly #images = new Set<string>();
  #count = 0;

  /** Labels of a container that is removed at the end. */
  get labels(): Record<string, string> {
    return { [TEST_LABEL]: this.#run };
  }

  /** A fresh image name, removed at the end. */
  imageName(): string {
    const name = `nullspace-test-${this.#run}-${this.#count++}:1`;
    this.#images.add(name);
    return name;
  }

  /** A running container of the base image, removed at the end. */
  async runContainer(cmd: string[], image = BASE_IMAGE, labels: Record<string, string> = {}): Promise<string> {
    const config = { Image: image, Cmd: cmd, Labels: { ...this.labels, ...labels }, HostConfig: { Init: true } };
    const { id } = await this.containers.create(config);
    await this.containers.start(id);
    return id;
  }

  /** Command lines of all processes on the engine's machine that hold `text`, wherever that machine is. */
  async processesWith(text: string): Promise<string[]> {
    const { id } = await this.containers.create({
      Image: BASE_IMAGE,
      Cmd: ["ps", "-o", "args"],
      Labels: this.labels,
      HostConfig: { PidMode: "host" },
    });
    await this.containers.start(id);
    await this.containers.wait(id);
    let output = "";
    for await (const { data } of this.containers.logs(id)) output += data.toString();
    await this.containers.remove(id);
    return output.split("\n").filter((line) => line.includes(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const filters = { label: [`${TEST_LABEL}=${this.#run}`] };
    for (const { Id } of await this.containers.list({ all: true, filters })) {
      await this.containers.remove(Id, { force: true });
    }
    const present = new Set((await this.images.list()).flatMap(({ RepoTags }) => RepoTags ?? []));
    for (const name of this.#images) if (present.has(name)) await this.images.remove(name, { force: true });
    await this.close();
  }
}

function required(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(
    `${name} is not set. The engine tests need a Docker Engine and a base image: run them through "npm test".`,
  );
}
