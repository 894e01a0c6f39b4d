import { describe, expect, it } from "vitest";
import { isMarkTag } from "../../sdk/wire/index.ts";
import { startTestService, type TestService } from "../e2e/support/service.ts";
import { Example } from "./support/example.ts";

const UP = "pulumi up --yes --skip-preview -s";
const TEMPLATE = "promotion-web";

/** What a client of the service sees, whatever Pulumi says. */
function seenFrom({ client }: TestService) {
  return {
    /** Builds by the tags of users. */
    tags: async () =>
      Object.fromEntries(
        (await client.templates.listTags(TEMPLATE))
          .filter(({ tag }) => !isMarkTag(tag))
          .map(({ tag, build_id }) => [tag, build_id]),
      ),
    /** How many builds there have been. */
    builds: async () => (await client.builds.list(TEMPLATE)).builds.length,
    /** Builds that the machines of pools are of, by pool; each has one ready and none of another build. */
    pools: async () => {
      const pools = await client.warmPools.list();
      for (const { status, rollout_status } of pools) {
        expect([status.ready, rollout_status?.old_ready_or_warming ?? 0]).toEqual([1, 0]);
      }
      return Object.fromEntries(pools.map((pool) => [pool.name, pool.resolved_template_build_id]));
    },
    /** What a ready machine of a pool serves. */
    page: async (pool: string) => {
      const [found] = (await client.warmPools.list()).filter(({ name }) => name === pool);
      const machine = await client.machines.create({
        template: found!.template_ref,
        vcpus: 1,
        memory_mb: 128,
        warm_pool: { id: found!.id, mode: "require", wait_ms: 10_000 },
      });
      try {
        const command = { command: "wget -qO- http://127.0.0.1:8080/", shell: true, background: false };
        return (await client.machines.exec(machine.id, command)).stdout.trim();
      } finally {
        await client.machines.delete(machine.id);
        await client.warmPools.waitUntilReady(found!.id);
      }
    },
  };
}

describe("examples/promotion", () => {
  it("takes one build through all stacks, back, and beside itself, as its README says", async () => {
    await using service = await startTestService();
    using example = new Example("promotion", service.env);
    const seen = seenFrom(service);
    await example.stack();

    await example.follow(`${UP} dev`);
    for (const stack of ["staging", "prod"]) {
      await example.follow(`pulumi stack init ${stack}`);
      await example.follow(`${UP} ${stack}`);
    }
    const { dev: first } = await seen.tags();
    expect(await seen.tags()).toEqual({ dev: first, staging: first, prod: first });
    expect(await seen.pools()).toEqual({ "promotion-staging": first, "promotion-prod": first });
    expect(await seen.builds()).toBe(1);

    await example.follow("echo '<h1>Hello again</h1>' > app/www/index.html");
    await example.follow(`${UP} dev`);
    await example.follow(`${UP} staging`);
    const { dev: second } = await seen.tags();
    expect(second).not.toBe(first);
    expect(await seen.tags()).toEqual({ dev: second, staging: second, prod: first });
    expect(await seen.pools()).toEqual({ "promotion-staging": second, "promotion-prod": first });
    expect(await seen.page("promotion-staging")).toBe("<h1>Hello again</h1>");
    expect(await seen.page("promotion-prod")).toBe("<h1>Hello from a warm machine</h1>");

    await example.follow('pulumi config set expectedBuildId "$(pulumi stack output buildId -s prod)" -s prod');
    const { text: preview } = await example.follow("pulumi preview -s prod");
    expect(preview).toContain(`"${first}" => "${second}"`);
    await example.follow(`${UP} prod`);
    expect(await seen.tags()).toEqual({ dev: second, staging: second, prod: second });
    expect(await seen.pools()).toEqual({ "promotion-staging": second, "promotion-prod": second });

    await example.follow(
      `${UP} prod -c buildId="$(pulumi stack output previousBuildId -s prod)" -c expectedBuildId="$(pulumi stack output buildId -s prod)"`,
    );
    expect(await seen.tags()).toEqual({ dev: second, staging: second, prod: first });
    expect(await seen.page("promotion-prod")).toBe("<h1>Hello from a warm machine</h1>");

    await example.follow(`${UP} prod -c canary="$(pulumi stack output buildId -s staging)"`);
    expect(await seen.tags()).toEqual({ dev: second, staging: second, prod: first, "prod-canary": second });
    expect(await seen.pools()).toMatchObject({ "promotion-prod": first, "promotion-prod-canary": second });
    await example.follow("pulumi config rm-all canary buildId -s prod");
    await example.follow(`${UP} prod -c expectedBuildId="$(pulumi stack output buildId -s prod)"`);
    expect(await seen.tags()).toEqual({ dev: second, staging: second, prod: second });
    expect(await seen.pools()).toEqual({ "promotion-staging": second, "promotion-prod": second });

    const { stdout } = await example.follow("npx pulumi-nullspace promotions promotion-web:prod");
    const moves = [...stdout.matchAll(/^\S+Z {2}(\S+) +(\S+) +local$/gm)].map(([, from, to]) => [from, to]);
    expect(moves).toEqual([
      [first, second],
      [second, first],
      [first, second],
      ["(new)", first],
    ]);
    expect(await seen.builds()).toBe(2);

    for (const stack of ["prod", "staging", "dev"]) {
      await example.follow(`pulumi destroy --yes --skip-preview -s ${stack}`);
    }
    expect(example.toFollow()).toEqual([]);
    expect((await service.client.templates.list()).filter(({ builtin }) => !builtin)).toEqual([]);
    expect(await service.client.warmPools.list({ state: "enabled" })).toEqual([]);
  });

  it("says what to do when the tag was moved, the build is gone, or another stack needs it", async () => {
    await using service = await startTestService();
    using example = new Example("promotion", service.env);
    const seen = seenFrom(service);
    await example.stack();
    const up = (stack: string, ...more: string[]) => example.pulumi("up", "-y", "-f", "-s", stack, ...more);
    const fails = async (...args: string[]) => {
      const result = await example.run("pulumi", [...args, "--non-interactive", "--color", "never"]);
      expect(result.exitCode, result.text).not.toBe(0);
      return result.text;
    };
    const change = async (content: string): Promise<string> => {
      example.write("app/www/index.html", content);
      await up("dev");
      return (await seen.tags()).dev!;
    };

    await up("dev");
    await example.pulumi("stack", "init", "staging");
    await up("staging");
    await example.pulumi("stack", "init", "prod");
    await up("prod");
    const first = (await seen.tags()).dev!;

    // Moved by hand between the review and the update.
    const byHand = await change("by hand\n");
    const second = await change("second\n");
    await up("staging");
    await service.client.builds.promote(byHand, { tag: "prod" });
    const moved = await fails("up", "-y", "-f", "-s", "prod", "-c", `expectedBuildId=${first}`);
    expect(moved).toContain(`prod points at ${byHand}, and was expected at ${first}: somebody else has moved it`);
    expect(moved).toContain(`to promote ${second} all the same, set expectedBuildId to ${byHand}`);
    expect(moved).not.toContain("moved on");
    expect((await seen.tags()).prod).toBe(byHand);
    // Without the guard it is moved on, and said.
    await example.pulumi("config", "rm", "expectedBuildId", "-s", "prod");
    expect((await up("prod")).text).toContain(
      `somebody else moved ${TEMPLATE}:prod from ${first} to ${byHand}: it is moved on to ${second}`,
    );
    expect((await seen.tags()).prod).toBe(second);

    // The stack that builds goes, while the others need its build.
    const kept = await fails("destroy", "-y", "-f", "-s", "dev");
    expect(kept).toContain(`another Pulumi stack needs its tag "prod" (${second}), tag "staging" (${second})`);
    expect(await seen.tags()).toEqual({ dev: second, staging: second, prod: second });

    // The build was deleted before it was promoted.
    const third = await change("third\n");
    await service.client.templates.delete(`${TEMPLATE}:${third}`);
    const gone = await fails("up", "-y", "-f", "-s", "staging");
    expect(gone).toContain(`build ${third} of ${TEMPLATE} is gone: the artifact was deleted. Give another buildId`);
    expect((await seen.tags()).staging).toBe(second);
    await up("dev", "--refresh");
    await up("staging");
    const again = (await seen.tags()).dev!;
    expect(again).not.toBe(third);
    expect(await seen.tags()).toEqual({ dev: again, staging: again, prod: second });
    expect(await seen.pools()).toEqual({ "promotion-staging": again, "promotion-prod": second });
    expect(await seen.page("promotion-staging")).toBe("third");

    for (const stack of ["prod", "staging", "dev"]) await example.pulumi("destroy", "-y", "-f", "-s", stack);
    expect((await service.client.templates.list()).filter(({ builtin }) => !builtin)).toEqual([]);
  });
});
