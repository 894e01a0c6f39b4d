import { Machine, Template, WarmPool } from "../../../sdk/index.ts";
import { BASE_IMAGE } from "../../engine/service/running-service.ts";
import { refused, type Scenario } from "./scenario.ts";

/** Warm pools: every call, the wait, what they refuse, and a tag that moves under them. */
export const POOL_SCENARIOS: readonly Scenario[] = [
  {
    name: "a pool is made, found, changed, stopped, started, drained and deleted",
    python: `
Template.build(Template.from_image(BASE), NAME + ":v1")
pool = TemplateWarmPool.create(NAME + ":v1", name=NAME, min_ready=1, max_ready=2, vcpus=1, memory_mb=128,
    idle_timeout_seconds=500, stale_after_seconds=800, checkout_policy="require", labels={"team": NAME}, metadata={"n": 1})
made = pool.wait_until_ready(timeout_secs=60, interval_secs=0.05)
def ids(**query):
    return [info.name for info in TemplateWarmPool.list(**query)]
listed = [ids(label="team=" + NAME), ids(template=NAME + ":v1"), ids(label=["team=" + NAME, "x=y"]), ids(label="team=" + NAME, status="ready"),
          ids(label="team=" + NAME, state="disabled"), len(ids(limit=1))]
same = [TemplateWarmPool.get(pool.id).id == pool.id, TemplateWarmPool.from_id(pool.id).id == pool.id, pool.get_info().id == pool.id]
changed = pool.update(max_ready=3, memory_mb=144, checkout_policy="prefer", labels={"team": NAME, "tier": "gold"})
off = pool.disable()
pool.enable()
on = pool.reconcile()
pool.wait_until_ready(timeout_secs=60, interval_secs=0.05)
late = refused(lambda: pool.wait_until_ready(min_ready=3, timeout_secs=0.2, interval_secs=0.05))
twin = refused(lambda: TemplateWarmPool.create(NAME + ":v1", name=NAME, min_ready=0, max_ready=0))
used = refused(lambda: Template.delete(NAME))
pool.drain()
deadline = time.monotonic() + 60
while time.monotonic() < deadline:
    drained = pool.reconcile()
    if drained.state.value == "disabled" and drained.status.ready == drained.status.draining == 0:
        break
    time.sleep(0.05)
pool.delete()
gone = pool.get_info()
answer = {
    "made": [made.name, made.template_ref, made.resolved_template.split(":")[0], made.state.value, made.min_ready, made.max_ready,
             made.vcpus, made.memory_mb, made.disk_mb, made.idle_timeout_seconds, made.stale_after_seconds,
             made.checkout_policy.value, made.version_policy.value, made.labels, made.metadata, made.degraded_reason],
    "counts": [made.status.target, made.status.ready, made.status.failed], "listed": listed, "same": same,
    "changed": [changed.max_ready, changed.vcpus, changed.memory_mb, changed.checkout_policy.value, changed.labels, changed.metadata],
    "states": [off.state.value, off.status.target, on.state.value, on.status.target, drained.state.value, drained.status.ready, gone.state.value],
    "late": late, "twin": twin, "used": used, "enable": refused(pool.enable), "update": refused(lambda: pool.update(min_ready=0)),
    "deleted": [ids(state="deleted", label="team=" + NAME), ids(label="team=" + NAME)], "delete": refused(pool.delete),
}`,
    ours: async ({ name, connection }) => {
      await Template.build(Template.fromImage(BASE_IMAGE), `${name}:v1`, connection);
      const settings = { name, minReady: 1, maxReady: 2, vcpus: 1, memoryMib: 128 };
      const pool = await WarmPool.create(
        {
          ...settings,
          template: `${name}:v1`,
          idleTimeoutSeconds: 500,
          staleAfterSeconds: 800,
          checkoutPolicy: "require",
          labels: { team: name },
          metadata: { n: 1 },
        },
        connection,
      );
      const made = await pool.waitUntilReady({ timeoutMs: 60_000, intervalMs: 50 });
      const ids = async (query: Parameters<typeof WarmPool.list>[0]) =>
        (await WarmPool.list(query, connection)).map((info) => info.name);
      const mine = [`team=${name}`];
      const listed = [
        await ids({ label: mine }),
        await ids({ template: `${name}:v1` }),
        await ids({ label: [...mine, "x=y"] }),
        await ids({ label: mine, status: "ready" }),
        await ids({ label: mine, state: "disabled" }),
        (await ids({ limit: 1 })).length,
      ];
      const again = await WarmPool.get(pool.id, connection);
      const same = [again.id === pool.id, again.id === pool.id, (await pool.refresh()).id === pool.id];
      const labels = { team: name, tier: "gold" };
      const changed = await pool.update({ maxReady: 3, memoryMib: 144, checkoutPolicy: "prefer", labels });
      const off = await pool.disable();
      await pool.enable();
      const on = await pool.reconcile();
      await pool.waitUntilReady({ timeoutMs: 60_000, intervalMs: 50 });
      const late = await refused(() => pool.waitUntilReady({ minReady: 3, timeoutMs: 200, intervalMs: 50 }));
      const twin = await refused(() =>
        WarmPool.create({ template: `${name}:v1`, name, minReady: 0, maxReady: 0 }, connection),
      );
      const used = await refused(() => Template.delete(name, connection));
      await pool.drain();
      let drained = await pool.reconcile();
      while (drained.state !== "disabled" || drained.status.ready + drained.status.draining > 0) {
        drained = await pool.reconcile();
      }
      await pool.delete();
      const gone = await pool.refresh();
      return {
        made: [
          made.name,
          made.template_ref,
          made.resolved_template!.split(":")[0],
          made.state,
          made.min_ready,
          made.max_ready,
          made.resources.vcpus,
          made.resources.memory_mb,
          made.resources.disk_mb ?? null,
          made.idle_timeout_seconds,
          made.stale_after_seconds,
          made.checkout_policy,
          made.version_policy,
          made.labels,
          made.metadata,
          made.degraded_reason ?? null,
        ],
        counts: [made.status.target, made.status.ready, made.status.failed],
        listed,
        same,
        changed: [
          changed.max_ready,
          changed.resources.vcpus,
          changed.resources.memory_mb,
          changed.checkout_policy,
          changed.labels,
          changed.metadata,
        ],
        states: [
          off.state,
          off.status.target,
          on.state,
          on.status.target,
          drained.state,
          drained.status.ready,
          gone.state,
        ],
        late,
        twin,
        used,
        enable: await refused(() => pool.enable()),
        update: await refused(() => pool.update({ minReady: 0 })),
        deleted: [await ids({ state: "deleted", label: mine }), await ids({ label: mine })],
        delete: await refused(() => pool.delete()),
      };
    },
    outcome: {
      made: [
        ...["NAME", "NAME:v1", "local/NAME", "enabled", 1, 2, 1, 128, null, 500, 800, "require", "pinned_build"],
        ...[{ team: "NAME" }, { n: 1 }, null],
      ],
      counts: [1, 1, 0],
      listed: [["NAME"], ["NAME"], [], ["NAME"], [], 1],
      same: [true, true, true],
      changed: [3, 1, 144, "prefer", { team: "NAME", tier: "gold" }, { n: 1 }],
      states: ["disabled", 0, "enabled", 1, "disabled", 0, "deleted"],
      late: "TimeoutError timeout",
      twin: "ConflictError conflict",
      used: "ConflictError conflict",
      enable: "ConflictError conflict",
      update: "ConflictError conflict",
      // A deleted pool is listed when it is asked for.
      deleted: [["NAME"], []],
      delete: null,
    },
  },
  {
    name: "a pool that follows a tag rolls over to the build that the tag moves to, and one of a build does not",
    python: `
template = lambda text: Template.from_image(BASE).run_cmd("echo " + text + " > /version")
first = Template.build(template("one"), NAME + ":live")
following = Template.create_warm_pool("local/" + NAME + ":live", name=NAME, min_ready=1, max_ready=2, memory_mb=64, vcpus=1, version_policy="track_tag")
pinned = Template.create_warm_pool("local/" + NAME + ":live", name=NAME + "-pinned", min_ready=0, max_ready=1, memory_mb=64, vcpus=1)
following.wait_until_ready(timeout_secs=60, interval_secs=0.05)
before = following.get_info()
second = Template.build(template("two"), NAME + ":live")
deadline = time.monotonic() + 60
while time.monotonic() < deadline:
    info = following.reconcile()
    if info.rollout_status.old_ready_or_warming == 0 and info.status.ready >= 1 and info.resolved_template_build_id == second["build_id"]:
        break
    time.sleep(0.05)
with Machine.create(NAME + ":live", warm_pool=following.id, warm_pool_mode="require", vcpus=1, memory_mb=64) as machine:
    version = machine.commands.run("cat", ["/version"]).stdout
kept = pinned.reconcile()
answer = {
    "followed": [before.resolved_template_build_id == first["build_id"], info.resolved_template_build_id == second["build_id"]],
    "generation": info.rollout_generation - before.rollout_generation, "previous": info.previous_resolved_template_build_id == first["build_id"],
    "policy": [info.version_policy.value, kept.version_policy.value],
    "rollout": [info.rollout_status.current_counts.ready, info.rollout_status.current_identity.resolved_template_build_id == second["build_id"]],
    "version": version, "kept": kept.resolved_template_build_id == first["build_id"],
}
following.delete(); pinned.delete()`,
    ours: async ({ name, connection }) => {
      const template = (text: string) => Template.fromImage(BASE_IMAGE).runCmd(`echo ${text} > /version`);
      const first = await Template.build(template("one"), `${name}:live`, connection);
      const small = { memoryMib: 64, vcpus: 1 };
      const ref = `local/${name}:live`;
      const following = await Template.createWarmPool(
        ref,
        { ...small, name, minReady: 1, maxReady: 2, versionPolicy: "track_tag" },
        connection,
      );
      const pinned = await Template.createWarmPool(
        ref,
        { ...small, name: `${name}-pinned`, minReady: 0, maxReady: 1 },
        connection,
      );
      await following.waitUntilReady({ timeoutMs: 60_000, intervalMs: 50 });
      const before = await following.refresh();
      const second = await Template.build(template("two"), `${name}:live`, connection);
      let info = await following.reconcile();
      while (
        info.rollout_status!.old_ready_or_warming !== 0 ||
        info.status.ready < 1 ||
        info.resolved_template_build_id !== second.buildId
      ) {
        info = await following.reconcile();
      }

      const machine = await Machine.create(
        { template: `${name}:live`, warmPool: following.id, warmPoolMode: "require", ...small },
        connection,
      );
      const { stdout: version } = await machine.run("cat", { args: ["/version"] });
      await machine.kill();
      const kept = await pinned.reconcile();
      await following.delete();
      await pinned.delete();
      return {
        followed: [
          before.resolved_template_build_id === first.buildId,
          info.resolved_template_build_id === second.buildId,
        ],
        generation: info.rollout_generation! - before.rollout_generation!,
        previous: info.previous_resolved_template_build_id === first.buildId,
        policy: [info.version_policy, kept.version_policy],
        rollout: [
          info.rollout_status!.current_counts!.ready,
          info.rollout_status!.current_identity!.resolved_template_build_id === second.buildId,
        ],
        version,
        kept: kept.resolved_template_build_id === first.buildId,
      };
    },
    outcome: {
      followed: [true, true],
      generation: 1,
      previous: true,
      policy: ["track_tag", "pinned_build"],
      rollout: [1, true],
      version: "two\n",
      kept: true,
    },
  },
  {
    name: "a pool that cannot be is refused, and one that is not there is not found",
    python: `
def create(template="base", **settings):
    return refused(lambda: TemplateWarmPool.create(template, **{"name": NAME, "min_ready": 0, "max_ready": 1, **settings}))
answer = [
    create("none-" + NAME), create(min_ready=2), create(min_ready=-1), create(name=""), create(name="x" * 161), create(vcpus=0),
    create(version_policy="track_tag"), create("a/b/c"),
    refused(lambda: TemplateWarmPool.get("twp_none")),
]`,
    ours: async ({ name, connection }) => {
      const create = (settings: Partial<Parameters<typeof WarmPool.create>[0]>) =>
        refused(() => WarmPool.create({ template: "base", name, minReady: 0, maxReady: 1, ...settings }, connection));
      return [
        await create({ template: `none-${name}` }),
        await create({ minReady: 2 }),
        await create({ minReady: -1 }),
        await create({ name: "" }),
        await create({ name: "x".repeat(161) }),
        await create({ vcpus: 0 }),
        await create({ versionPolicy: "track_tag" }),
        await create({ template: "a/b/c" }),
        await refused(() => WarmPool.get("twp_none", connection)),
      ];
    },
    outcome: [
      "NotFoundError template_not_found",
      ...Array<string>(7).fill("MachineError invalid_request"),
      "NotFoundError warm_pool_not_found",
    ],
  },
];
