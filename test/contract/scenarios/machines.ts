import { Machine, Template } from "../../../sdk/index.ts";
import { BASE_IMAGE } from "../../engine/service/running-service.ts";
import { refused, type Scenario } from "./scenario.ts";

/** Machines: created in every way, worked with, found, and ended. */
export const MACHINE_SCENARIOS: readonly Scenario[] = [
  {
    name: "a machine is checked out of a pool, started beside an empty one, or started past it",
    python: `
Template.build(Template.from_image(BASE).run_cmd("echo pooled > /pooled"), NAME + ":v1")
pool = Template.create_warm_pool(NAME + ":v1", name=NAME, min_ready=1, max_ready=1, vcpus=1, memory_mb=64)
pool.wait_until_ready(timeout_secs=60, interval_secs=0.05)
def create(**checkout):
    return Machine.create(NAME + ":v1", vcpus=1, memory_mb=64, **checkout)
def source(machine):
    result = machine.get_info().warm_pool_checkout or machine._info.warm_pool_checkout
    return [result.source.value, result.hit, result.id == pool.id if result.id else None, result.mode.value if result.mode else None]
hit = create(warm_pool=pool.id, warm_pool_mode="require", warm_pool_wait_ms=20000)
text = hit.commands.run("cat", ["/pooled"]).stdout
other_size = refused(lambda: Machine.create(NAME + ":v1", vcpus=1, memory_mb=96, warm_pool=pool.id, warm_pool_mode="require"))
pool.disable()
unavailable = refused(lambda: create(warm_pool=pool.id, warm_pool_mode="require"))
fallback = create(warm_pool=pool.id, warm_pool_mode="prefer")
bypass = create(warm_pool_mode="bypass")
plain = create()
answer = {
    "hit": source(hit), "text": text, "unavailable": unavailable, "fallback": source(fallback), "bypass": source(bypass),
    "plain": plain._info.warm_pool_checkout, "states": [one.is_running() for one in (hit, fallback, bypass, plain)],
    "no_pool": refused(lambda: create(warm_pool_mode="require")), "unknown": refused(lambda: create(warm_pool="twp_none")),
    "other_size": other_size,
    "wait": refused(lambda: create(warm_pool=pool.id, warm_pool_wait_ms=99999999)),
}
pool.delete()
answer["outlives"] = hit.is_running()
for one in (hit, fallback, bypass, plain): one.kill()`,
    ours: async ({ name, connection }) => {
      await Template.build(Template.fromImage(BASE_IMAGE).runCmd("echo pooled > /pooled"), `${name}:v1`, connection);
      const settings = { name, minReady: 1, maxReady: 1, vcpus: 1, memoryMib: 64 };
      const pool = await Template.createWarmPool(`${name}:v1`, settings, connection);
      await pool.waitUntilReady({ timeoutMs: 60_000, intervalMs: 50 });
      const create = (checkout: Parameters<typeof Machine.create>[0] = {}) =>
        Machine.create({ template: `${name}:v1`, vcpus: 1, memoryMib: 64, ...checkout }, connection);
      const source = async (machine: Machine) => {
        await machine.refresh();
        const { source, hit, id, mode } = machine.checkout!;
        return [source, hit, id ? id === pool.id : null, mode ?? null];
      };
      const hit = await create({ warmPool: pool.id, warmPoolMode: "require", warmPoolWaitMs: 20_000 });
      const { stdout: text } = await hit.run("cat", { args: ["/pooled"] });
      const otherSize = await refused(() => create({ memoryMib: 96, warmPool: pool.id, warmPoolMode: "require" }));
      await pool.disable();
      const unavailable = await refused(() => create({ warmPool: pool.id, warmPoolMode: "require" }));
      const fallback = await create({ warmPool: pool.id, warmPoolMode: "prefer" });
      const bypass = await create({ warmPoolMode: "bypass" });
      const plain = await create();
      const all = [hit, fallback, bypass, plain];
      const seen = {
        hit: await source(hit),
        text,
        unavailable,
        fallback: await source(fallback),
        bypass: await source(bypass),
        plain: plain.checkout ?? null,
        states: (await Promise.all(all.map((one) => one.refresh()))).map(({ status }) => status === "running"),
        no_pool: await refused(() => create({ warmPoolMode: "require" })),
        unknown: await refused(() => create({ warmPool: "twp_none" })),
        other_size: otherSize,
        wait: await refused(() => create({ warmPool: pool.id, warmPoolWaitMs: 99_999_999 })),
      };
      await pool.delete();
      const outlives = (await hit.refresh()).status === "running";
      await Promise.all(all.map((one) => one.kill()));
      return { ...seen, outlives };
    },
    outcome: {
      hit: ["ready_instance", true, true, "require"],
      text: "pooled\n",
      unavailable: "MachineError warm_pool_unavailable",
      fallback: ["cold_create", false, true, "prefer"],
      bypass: ["bypassed", false, null, "bypass"],
      plain: null,
      states: [true, true, true, true],
      no_pool: "MachineError invalid_request",
      unknown: "NotFoundError warm_pool_not_found",
      other_size: "MachineError invalid_request",
      wait: "MachineError invalid_request",
      outlives: true,
    },
  },
  {
    name: "a pool of larger machines serves a request that names no size, and none that sets what a running one cannot take",
    python: `
Template.build(Template.from_image(BASE), NAME + ":v1")
pool = Template.create_warm_pool(NAME + ":v1", name=NAME, min_ready=1, max_ready=1, vcpus=2, memory_mb=1024)
pool.wait_until_ready(timeout_secs=60, interval_secs=0.05)
def take(mode="prefer", wait=20000, **options):
    machine = Machine.create(NAME + ":v1", warm_pool=pool.id, warm_pool_mode=mode, warm_pool_wait_ms=wait, **options)
    try:
        return machine._info.warm_pool_checkout.hit
    finally:
        machine.kill()
answer = {
    "plain": take(), "envs": take(envs={"A": "1"}), "cwd": take(cwd="/tmp"),
    "required": [refused(lambda: take("require", envs={"A": "1"})), refused(lambda: take("require", cwd="/tmp"))],
    "metadata": take(metadata={"who": NAME}),
}
pool.delete()`,
    ours: async ({ name, connection }) => {
      await Template.build(Template.fromImage(BASE_IMAGE), `${name}:v1`, connection);
      const settings = { name, minReady: 1, maxReady: 1, vcpus: 2, memoryMib: 1024 };
      const pool = await Template.createWarmPool(`${name}:v1`, settings, connection);
      await pool.waitUntilReady({ timeoutMs: 60_000, intervalMs: 50 });
      const take = async (options: Parameters<typeof Machine.create>[0] = {}) => {
        const checkout = { warmPool: pool.id, warmPoolMode: "prefer" as const, warmPoolWaitMs: 20_000 };
        const machine = await Machine.create({ template: `${name}:v1`, ...checkout, ...options }, connection);
        await machine.kill();
        return machine.checkout?.hit;
      };
      const seen = {
        plain: await take(),
        envs: await take({ envs: { A: "1" } }),
        cwd: await take({ cwd: "/tmp" }),
        required: [
          await refused(() => take({ warmPoolMode: "require", envs: { A: "1" } })),
          await refused(() => take({ warmPoolMode: "require", cwd: "/tmp" })),
        ],
        metadata: await take({ metadata: { who: name } }),
      };
      await pool.delete();
      return seen;
    },
    outcome: {
      plain: true,
      envs: false,
      cwd: false,
      required: ["MachineError invalid_request", "MachineError invalid_request"],
      metadata: true,
    },
  },
  {
    name: "a machine runs commands, is found by state and metadata, and is gone when killed",
    python: `
machine = Machine.create(vcpus=1, memory_mb=64, envs={"A": "1"}, metadata={"who": NAME}, cwd="/tmp", timeout=60)
info = machine.get_info()
def run(*args, **options):
    result = machine.commands.run(*args, **options)
    return [result.exit_code, result.stdout, result.stderr]
commands = [run("echo", ["a b"]), run("pwd"), run('echo "$A$B" >&2; exit 7', shell=True, envs={"B": "2"}), run("pwd", cwd="/"), run("no-such-command")[0]]
late = refused(lambda: machine.commands.run("sleep", ["60"], timeout=1))
query = MachineQuery(metadata={"who": NAME})
found = [[one.id == machine.id, one.status.value] for one in Machine.list(query=query)]
connected = Machine.connect(machine.id)
answer = {
    "info": [info.status.value, info.template, info.config.vcpus, info.config.memory_mb, info.metadata, info.cwd, info.timeout_ms],
    "commands": commands, "late": late, "found": found,
    "none": len(list(Machine.list(query=MachineQuery(metadata={"who": NAME + "-none"})))),
    "again": Machine.create(vcpus=1, memory_mb=64, idempotency_key=NAME).id == Machine.create(vcpus=1, memory_mb=64, idempotency_key=NAME).id,
    "other": refused(lambda: Machine.create(vcpus=1, memory_mb=96, idempotency_key=NAME)),
}
Machine.kill_by_id(Machine.create(vcpus=1, memory_mb=64, idempotency_key=NAME).id)
machine.kill()
gone = Machine.get_info_by_id(connected.id)
answer["gone"] = [gone.status.value, refused(lambda: connected.commands.run("true")), len(list(Machine.list(query=query)))]
answer["not_found"] = [refused(lambda: Machine.connect("mch_none")), refused(lambda: Machine.kill_by_id("mch_none")),
                       refused(lambda: Machine.create("none-" + NAME))]`,
    ours: async ({ name, connection }) => {
      const small = { vcpus: 1, memoryMib: 64 };
      const machine = await Machine.create(
        { ...small, envs: { A: "1" }, metadata: { who: name }, cwd: "/tmp", lifetimeMs: 60_000 },
        connection,
      );
      const info = await machine.refresh();
      const run = async (...args: Parameters<Machine["run"]>) => {
        const { exitCode, stdout, stderr } = await machine.run(...args);
        return [exitCode, stdout, stderr];
      };
      const commands = [
        await run("echo", { args: ["a b"] }),
        await run("pwd"),
        await run('echo "$A$B" >&2; exit 7', { shell: true, envs: { B: "2" } }),
        await run("pwd", { cwd: "/" }),
        (await run("no-such-command"))[0],
      ];
      const list = async (who: string) =>
        (await Machine.list({ metadata: JSON.stringify({ who }) }, connection)).items.map(({ id, status }) => [
          id === machine.id,
          status,
        ]);
      const keyed = (memoryMib: number) =>
        Machine.create({ ...small, memoryMib }, { ...connection, idempotencyKey: name });
      const connected = await Machine.get(machine.id, connection);
      const seen = {
        info: [
          info.status,
          info.template,
          info.config.vcpus,
          info.config.memory_mb,
          info.metadata,
          info.cwd,
          info.timeout_ms,
        ],
        commands,
        late: await refused(() => machine.run("sleep", { args: ["60"], timeoutSecs: 1 })),
        found: await list(name),
        none: (await list(`${name}-none`)).length,
        again: (await keyed(64)).id === (await keyed(64)).id,
        other: await refused(() => keyed(96)),
      };
      await (await keyed(64)).kill();
      await machine.kill();
      const gone = await connected.refresh();
      return {
        ...seen,
        gone: [gone.status, await refused(() => connected.run("true")), (await list(name)).length],
        not_found: [
          await refused(() => Machine.get("mch_none", connection)),
          await refused(() => connection.client.machines.delete("mch_none")),
          await refused(() => Machine.create({ template: `none-${name}` }, connection)),
        ],
      };
    },
    outcome: {
      info: ["running", "base", 1, 64, { who: "NAME" }, "/tmp", 60_000],
      commands: [[0, "a b\n", ""], [0, "/tmp\n", ""], [7, "", "12\n"], [0, "/\n", ""], 127],
      late: "MachineError exec_timeout",
      found: [[true, "running"]],
      none: 0,
      again: true,
      other: "ConflictError conflict",
      gone: ["destroyed", "ConflictError machine_not_ready", 0],
      not_found: [
        "NotFoundError machine_not_found",
        "NotFoundError machine_not_found",
        "NotFoundError template_not_found",
      ],
    },
  },
];
