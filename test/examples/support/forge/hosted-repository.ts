import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "../../../../scripts/quickstart/command.ts";

/** A bare repository, and one working copy of it: a folder that is there already. */
export class HostedRepository implements Disposable {
  readonly #bare = join(mkdtempSync(join(tmpdir(), "nullspace-forge-")), "origin.git");
  readonly #copy: string;

  private constructor(copy: string) {
    this.#copy = copy;
  }

  /** Makes the folder's content the first commit of the branch main. */
  static async of(folder: string): Promise<HostedRepository> {
    const made = new HostedRepository(folder);
    mkdirSync(made.#bare);
    await run("git", ["init", "--quiet", "--bare", "--initial-branch=main", made.#bare]);
    // Jobs fetch a commit by its name.
    await run("git", ["--git-dir", made.#bare, "config", "uploadpack.allowAnySHA1InWant", "true"]);
    await made.git("init", "--quiet", "--initial-branch=main");
    await made.git("remote", "add", "origin", made.url);
    await made.commit("First");
    await made.git("push", "--quiet", "--set-upstream", "origin", "main");
    return made;
  }

  /** What a job clones from. */
  get url(): string {
    return pathToFileURL(this.#bare).href;
  }

  /** Commits all that has changed in the working copy, and pushes the branch that it is on. */
  async push(message: string): Promise<string> {
    await this.commit(message);
    await this.git("push", "--quiet", "origin", "HEAD");
    return this.git("rev-parse", "HEAD");
  }

  async branch(name: string): Promise<void> {
    await this.git("checkout", "--quiet", "-b", name);
  }

  /** Merges the branch into main as a forge does to try a pull request out; main itself does not move. @returns the merge */
  async tryMerge(branch: string): Promise<string> {
    await this.git("checkout", "--quiet", "--detach", "main");
    await this.git("merge", "--quiet", "--no-ff", "-m", `Merge ${branch}`, branch);
    const merge = await this.git("rev-parse", "HEAD");
    await this.git("push", "--quiet", "--force", "origin", "HEAD:refs/pull/1/merge");
    await this.git("checkout", "--quiet", branch);
    return merge;
  }

  /** Merges the branch into main for good. @returns the merge */
  async merge(branch: string): Promise<string> {
    await this.git("checkout", "--quiet", "main");
    await this.git("merge", "--quiet", "--no-ff", "-m", `Merge ${branch}`, branch);
    await this.git("push", "--quiet", "origin", "main");
    return this.git("rev-parse", "HEAD");
  }

  async commit(message: string): Promise<void> {
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "-m", message);
  }

  async git(...args: string[]): Promise<string> {
    const who = ["-c", "user.name=Reader", "-c", "user.email=reader@example.com"];
    return (await run("git", [...who, ...args], { cwd: this.#copy })).stdout.trim();
  }

  [Symbol.dispose](): void {
    rmSync(join(this.#bare, ".."), { recursive: true, force: true });
  }
}
