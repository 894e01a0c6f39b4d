import type { Scenario } from "./scenario.ts";

/** What the published client can do beside what ours does: the service answers that too. */
export const PUBLISHED_CLIENT_SCENARIOS: readonly Omit<Scenario, "ours">[] = [
  {
    name: "asks for members by name, of templates and of machines",
    python: `
Template.build(Template.from_image(BASE), NAME)
machine = Machine.create(vcpus=1, memory_mb=64, metadata={"who": NAME})
query = MachineQuery(metadata={"who": NAME})
answer = {
    "get": Template.get(NAME, fields=["name", "canonical_ref"]),
    "list": [row for row in Template.list(fields="canonical_ref") if NAME in row["canonical_ref"]],
    "machine": sorted(machine.get_info(fields=["id", "status"])), "machines": [sorted(row) for row in Machine.list(query=query, fields=["status"])],
    "refused": [refused(lambda: Template.list(fields=["zip"])), refused(lambda: machine.get_info(fields=["zip"]))],
    "state": [len(list(Machine.list(state="running", query=query))), len(list(Machine.list(state="paused", query=query)))],
}
machine.kill()`,
    outcome: {
      get: { name: "NAME", canonical_ref: "local/NAME" },
      list: [{ canonical_ref: "local/NAME" }],
      machine: ["id", "status"],
      machines: [["status"]],
      refused: ["MachineError invalid_fields", "MachineError invalid_fields"],
      state: [1, 0],
    },
  },
  {
    name: "runs processes in the background, feeds them, reads them, ends them, and prolongs a lease",
    python: `
with Machine.create(vcpus=1, memory_mb=64) as machine:
    reader = machine.commands.run("read line; echo got $line", shell=True, background=True)
    machine.commands.send_stdin(reader.pid, "word\\n")
    deadline = time.monotonic() + 30
    while (logs := machine.commands.get_logs(reader.pid)).exit_code is None and time.monotonic() < deadline:
        time.sleep(0.05)
    sleeper = machine.commands.run("sleep", ["60"], background=True)
    def running():
        return [process.running for process in machine.commands.list() if process.pid == sleeper.pid]
    listed = running()
    machine.commands.kill(sleeper.pid)
    while (killed := running()) == [True] and time.monotonic() < deadline:
        time.sleep(0.05)
    lease = machine.set_timeout(90)
    answer = {
        "logs": [logs.stdout, logs.exit_code], "listed": listed,
        "killed": killed,
        "lease": [lease.timeout_ms, str(getattr(lease.timeout_action, "value", lease.timeout_action)), 0 < lease.remaining_ms <= 90000],
        "nobody": refused(lambda: machine.commands.kill(99999)),
    }
answer["once"] = Machine.run_once("echo", ["once"], vcpus=1, memory_mb=64).stdout`,
    outcome: {
      logs: ["got word\n", 0],
      listed: [true],
      killed: [false],
      lease: [90_000, "destroy", true],
      nobody: "NotFoundError process_not_found",
      once: "once\n",
    },
  },
  {
    name: "streams the output of commands, in the foreground, in the background and of one that runs already",
    python: `
with Machine.create(vcpus=1, memory_mb=64) as machine:
    heard = []
    result = machine.commands.run("echo out; sleep 0.3; echo err >&2; exit 3", shell=True,
                                  on_stdout=lambda text: heard.append(["out", text]), on_stderr=lambda text: heard.append(["err", text]))
    live = []
    command = machine.commands.run("read line; echo got $line", shell=True, background=True, on_stdout=live.append)
    machine.commands.send_stdin(command.pid, "word\\n")
    done = command.wait(timeout=20)
    plain = machine.commands.run("echo early; read line; echo late", shell=True, background=True)
    again = machine.commands.connect(plain.pid, on_stdout=lambda text: None)
    machine.commands.send_stdin(plain.pid, "\\n")
    joined = again.wait(timeout=20)
    killed = machine.commands.run("sleep", ["60"], background=True, on_stdout=live.append)
    killed.kill()
    answer = {
        "result": [result.exit_code, result.stdout, result.stderr], "heard": heard, "done": [done.exit_code, done.stdout],
        "joined": [joined.exit_code, joined.stdout], "killed": killed.wait(timeout=20).exit_code,
        "terminal": refused(lambda: machine.pty.create_session()), "watch": refused(lambda: machine.files.watch_dir("/tmp", print)),
    }`,
    outcome: {
      result: [3, "out\n", "err\n"],
      heard: [
        ["out", "out\n"],
        ["err", "err\n"],
      ],
      done: [0, "got word\n"],
      joined: [0, "early\nlate\n"],
      killed: 137,
      terminal: "NotImplementedError not_implemented",
      watch: "NotImplementedError not_implemented",
    },
  },
  {
    name: "works with the files of a machine",
    python: `
with Machine.create(vcpus=1, memory_mb=64) as machine:
    files = machine.files
    written = files.write("/workspace/a/text", "gr\u00fc\u00dfe\\n")
    files.write("/workspace/a/bytes", bytes(range(256)))
    files.write("/workspace/a/stream", iter([b"one ", b"two"]))
    moved = files.rename("/workspace/a/bytes", "/workspace/b/bytes")
    files.make_dir("/workspace/c/d")
    files.set_permissions("/workspace/a/text", "0600")
    info = files.info("/workspace/a/text")
    answer = {
        "written": [written.name, written.path, written.size, written.type, written.is_dir, written.modified_time.year > 2000],
        "text": files.read("/workspace/a/text"), "relative": files.read("a/text"),
        "bytes": files.read("/workspace/b/bytes", format="bytes") == bytes(range(256)),
        "stream": b"".join(files.read("/workspace/a/stream", format="stream")).decode(),
        "list": [[entry.path, entry.is_dir] for entry in files.list("/workspace", depth=2)],
        "moved": [moved.path, files.exists("/workspace/a/bytes"), files.exists("/workspace/b/bytes")],
        "info": [info.mode, info.permissions, info.owner],
        "missing": [refused(lambda: files.read("/none")), refused(lambda: files.info("/none")), refused(lambda: files.remove("/none"))],
        "folder": refused(lambda: files.read("/workspace")), "binary": refused(lambda: files.read("/workspace/b/bytes")),
        "cwd": refused(lambda: machine.commands.run("true", cwd="/none")), "shell": refused(lambda: machine.commands.run("echo", ["a"], shell=True)),
        "not_here": [refused(lambda: files.search_files("/", "x")), refused(lambda: machine.fork()), refused(lambda: machine.create_snapshot()),
                     refused(lambda: machine.get_preview_url(80)), refused(lambda: machine.hibernate())],
    }
    files.remove("/workspace/a")
    answer["removed"] = files.exists("/workspace/a")`,
    outcome: {
      written: ["text", "/workspace/a/text", 8, "file", false, true],
      text: "grüße\n",
      relative: "grüße\n",
      bytes: true,
      stream: "one two",
      list: [
        ["/workspace/a", true],
        ["/workspace/a/stream", false],
        ["/workspace/a/text", false],
        ["/workspace/b", true],
        ["/workspace/b/bytes", false],
        ["/workspace/c", true],
        ["/workspace/c/d", true],
      ],
      moved: ["/workspace/b/bytes", false, true],
      info: ["0600", "0600", "root"],
      missing: ["NotFoundError file_not_found", "NotFoundError file_not_found", "NotFoundError file_not_found"],
      folder: "MachineError file_error",
      binary: "MachineError file_error",
      cwd: "MachineError invalid_request",
      shell: "MachineError invalid_request",
      not_here: Array<string>(5).fill("NotImplementedError not_implemented"),
      removed: false,
    },
  },
  {
    name: "pages through machines",
    python: `
made = [Machine.create(vcpus=1, memory_mb=64, metadata={"who": NAME}) for _ in range(3)]
query = MachineQuery(metadata={"who": NAME})
pages = Machine.list(query=query, limit=2)
ids, more = [one.id for one in pages.items], pages.has_next
rest = Machine.list(query=query, limit=2, next_token=pages.next_token)
answer = [len(ids), more, len(rest.items), rest.has_next, sorted(ids + [one.id for one in rest.items]) == sorted(one.id for one in made)]
for one in made: one.kill()`,
    outcome: [2, true, 1, false, true],
  },
  {
    name: "works with pools and machines asynchronously",
    python: `
async def work():
    pool = await AsyncTemplateWarmPool.create("base", name=NAME, min_ready=1, max_ready=1, vcpus=1, memory_mb=64)
    ready = await pool.wait_until_ready(timeout_secs=60, interval_secs=0.05)
    machine = await AsyncMachine.create(warm_pool=pool.id, warm_pool_mode="require", vcpus=1, memory_mb=64)
    result = await machine.commands.run("echo", ["async"])
    states = [(await pool.disable()).state.value, (await pool.enable()).state.value, (await pool.reconcile()).state.value,
              (await pool.update(min_ready=0)).min_ready, (await pool.get_info()).id == pool.id]
    found = [(await AsyncTemplateWarmPool.get(pool.id)).id == pool.id, (await AsyncTemplateWarmPool.from_id(pool.id)).id == pool.id,
             NAME in [info.name for info in await AsyncTemplateWarmPool.list(template="base")]]
    await pool.drain()
    await pool.delete()
    gone = (await pool.get_info()).state.value
    await machine.kill()
    await pool.close()
    return {"ready": ready.status.ready, "hit": machine._info.warm_pool_checkout.hit, "text": result.stdout, "states": states, "found": found, "gone": gone}
answer = asyncio.run(work())`,
    outcome: {
      ready: 1,
      hit: true,
      text: "async\n",
      states: ["disabled", "enabled", "enabled", 0, true],
      found: [true, true, true],
      gone: "deleted",
    },
  },
  {
    name: "learns in the foreground that a build was cancelled elsewhere, and closes its handles",
    python: `
def cancel_when_it_runs(entry):
    if entry.message == "waiting":
        TemplateBuild.connect(entry.build_id).cancel(reason="elsewhere")
waiting = Template.from_image(BASE).skip_cache().run_cmd("echo waiting; sleep 300")
cancelled = refused(lambda: Template.build(waiting, NAME, on_log_entry=cancel_when_it_runs))
handle = Template.from_image(BASE).publish(NAME)
known = [handle["status"], handle.get("none"), handle.to_dict()["canonical_ref"], handle.is_terminal(), handle.raise_for_error()]
handle.close()
answer = {"cancelled": cancelled, "known": [getattr(one, "value", one) for one in known], "closed": refused(handle.get_status)}`,
    outcome: {
      cancelled: "BuildError build_error",
      known: ["ready", null, "local/NAME", true, null],
      closed: "MachineError invalid_request",
    },
  },
];
