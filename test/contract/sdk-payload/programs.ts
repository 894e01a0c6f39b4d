import type { TemplateBuilder } from "../../../sdk/template/index.ts";
import { waitForFile, waitForPort, waitForProcess, waitForTimeout, waitForUrl } from "../../../sdk/template/index.ts";
import { Template, type BuildOptions } from "../../../sdk/client/objects/index.ts";

/** One template, written twice: for our SDK and for the published Python client. Both run in the fixture's folder. */
export interface Program {
  name: string;
  ours: () => TemplateBuilder;
  options?: BuildOptions;
  /** A Python expression that gives the builder; `T` is `Template`, `ns` the module. */
  python: string;
  /** Python keyword arguments of the build. */
  pythonOptions?: string;
}

/** Every base, step, probe and option. */
export const PROGRAMS: readonly Program[] = [
  { name: "an image alone", ours: () => Template.fromImage("alpine:3"), python: 'T.from_image("alpine:3")' },
  { name: "the default base image", ours: () => Template.fromBaseImage(), python: "T.from_base_image()" },
  { name: "Ubuntu", ours: () => Template.fromUbuntuImage(), python: "T.from_ubuntu_image()" },
  { name: "Debian", ours: () => Template.fromDebianImage("bookworm"), python: 'T.from_debian_image("bookworm")' },
  {
    name: "slim Debian with Python",
    ours: () => Template.debianSlim({ python: "3.12" }),
    python: 'T.debian_slim(python="3.12")',
  },
  {
    name: "Python",
    ours: () => Template.fromPythonImage("3.12", { variant: "slim", username: "u", password: "p4ss" }),
    python: 'T.from_python_image("3.12", variant="slim", username="u", password="p4ss")',
  },
  { name: "Node", ours: () => Template.fromNodeImage("24"), python: 'T.from_node_image("24")' },
  { name: "Bun", ours: () => Template.fromBunImage("1.2"), python: 'T.from_bun_image("1.2")' },
  {
    name: "a registry with Python added",
    ours: () => Template.fromRegistry("registry.example/a:1", { addPython: "3.11" }),
    python: 'T.from_registry("registry.example/a:1", add_python="3.11")',
  },
  {
    name: "Google Artifact Registry",
    ours: () => Template.fromGcpRegistry("g.example/a", { serviceAccountJson: "account.json" }),
    python: 'T.from_gcp_registry("g.example/a", service_account_json="account.json")',
  },
  {
    name: "Amazon ECR",
    ours: () =>
      Template.fromAwsRegistry("a.example/a", {
        accessKeyId: "a",
        secretAccessKey: "b",
        region: "c",
        sessionToken: "t",
      }),
    python:
      'T.from_aws_registry("a.example/a", access_key_id="a", secret_access_key="b", region="c", session_token="t")',
  },
  ...[
    "base",
    "base:v1",
    "acme/web",
    "acme/web:stable",
    "acme/web:tb_1",
    "web:tb_1",
    "tmpl_x",
    "nullspace/base:1",
    " a:b:c ",
  ].map((ref) => ({
    name: `the template ${ref}`,
    ours: () => Template.fromTemplate(ref),
    python: `T.from_template(${JSON.stringify(ref)})`,
  })),
  {
    name: "every step",
    ours: () =>
      Template.fromPythonImage("3.12", { fileContextPath: "ctx" })
        .aptInstall(["git", "curl"], "jq")
        .pipInstall("flask>=3")
        .pipInstall(["x"], { g: false })
        .npmInstall("tsx", { g: true })
        .npmInstall(["y"])
        .bunInstall("z")
        .bunInstall("zz", { g: true })
        .runCmd(["echo 1", "echo 2"], { user: "app" })
        .run("echo 'drei' && true")
        .setWorkdir("/w")
        .setUser("app")
        .copy("src", "/dst/", { user: "app", mode: 0o644 })
        .copy(["b.sh", "src"], "/d2/", { forceUpload: true })
        .copyItems([["b.sh", "/x"], { src: ["b.sh", "src"], dst: "/y/", mode: "755" }], { user: "u" })
        .remove("/opt/q", { recursive: true, force: true })
        .remove("/opt/r")
        .rename("/a", "/b")
        .makeDir("/m", { mode: 0o700 })
        .makeDir("/n")
        .makeSymlink("/t", "/l")
        .gitClone("https://e.example/x.git")
        .gitClone("https://e.example/y.git", "/r", { branch: "main", depth: 1 })
        .skipCache()
        .setBuildEnvs({ A: "1" })
        .setBuildEnvs({ B: "zwei $x" })
        .setRuntimeEnvs({ C: "3" })
        .setStartCmd('run "me"', waitForPort(80))
        .addBuildSecret("tok", "sec"),
    options: {
      tags: ["v1", "v2"],
      vcpus: 4,
      memoryMib: 1024,
      diskMb: 4096,
      internetAccess: false,
      buildBackend: "buildkit",
      buildSecrets: [{ id: "s2", value: "v" }],
      skipCache: true,
    },
    python: `(T.from_python_image("3.12", file_context_path="ctx")
      .apt_install(["git", "curl"], "jq").pip_install("flask>=3").pip_install(["x"], g=False)
      .npm_install("tsx", g=True).npm_install(["y"]).bun_install("z").bun_install("zz", g=True)
      .run_cmd(["echo 1", "echo 2"], user="app").run("echo 'drei' && true").set_workdir("/w").set_user("app")
      .copy("src", "/dst/", user="app", mode=0o644).copy(["b.sh", "src"], "/d2/", force_upload=True)
      .copy_items([("b.sh", "/x"), {"src": ["b.sh", "src"], "dst": "/y/", "mode": "755"}], user="u")
      .remove("/opt/q", recursive=True, force=True).remove("/opt/r").rename("/a", "/b")
      .make_dir("/m", mode=0o700).make_dir("/n").make_symlink("/t", "/l")
      .git_clone("https://e.example/x.git").git_clone("https://e.example/y.git", "/r", branch="main", depth=1)
      .skip_cache().set_build_envs({"A": "1"}).set_build_envs({"B": "zwei $x"}).set_runtime_envs({"C": "3"})
      .set_start_cmd('run "me"', ns.wait_for_port(80)).add_build_secret("tok", "sec"))`,
    pythonOptions:
      'tags=["v1", "v2"], cpu_count=4, memory_mb=1024, disk_mb=4096, internet_access=False, build_backend="buildkit", build_secrets=[{"id": "s2", "value": "v"}], skip_cache=True',
  },
  {
    name: "build variables alone",
    ours: () => Template.fromImage("a").setBuildEnvs({ A: "1" }),
    python: 'T.from_image("a").set_build_envs({"A": "1"})',
  },
  ...(
    [
      [
        "a URL",
        () => waitForUrl("http://localhost:8080/health?".slice(0, -1), { timeoutSecs: 5 }),
        'ns.wait_for_url("http://localhost:8080/health", timeout_secs=5)',
      ],
      ["a process", () => waitForProcess("my server's"), 'ns.wait_for_process("my server\'s")'],
      ["a file", () => waitForFile("/tmp/a b"), 'ns.wait_for_file("/tmp/a b")'],
      ["a while", () => waitForTimeout(5), "ns.wait_for_timeout(5)"],
      ["a command", () => "test -f /x", '"test -f /x"'],
      [
        "a port, patiently",
        () => waitForPort(1, { intervalMs: 9, startupGraceSecs: 0 }),
        "ns.wait_for_port(1, interval_ms=9, startup_grace_secs=0)",
      ],
    ] as const
  ).map(([what, ours, python]) => ({
    name: `a start command that is ready after ${what}`,
    ours: () => Template.fromImage("a").setStartCmd("x", ours()),
    python: `T.from_image("a").set_start_cmd("x", ${python})`,
  })),
  {
    name: "a Dockerfile with its folder",
    ours: () => Template.fromDockerfile("ctx/Dockerfile").setUser("app").setStartCmd("serve").setBuildEnvs({ A: "1" }),
    python: 'T.from_dockerfile("ctx/Dockerfile").set_user("app").set_start_cmd("serve").set_build_envs({"A": "1"})',
  },
  {
    name: "a Dockerfile with an ignore file of its own, and patterns",
    ours: () =>
      Template.fromDockerfile("ctx/docker/app.Dockerfile", {
        fileContextPath: "ctx",
        fileIgnorePatterns: ["*.sh", "!b.sh"],
      }),
    python:
      'T.from_dockerfile("ctx/docker/app.Dockerfile", file_context_path="ctx", file_ignore_patterns=["*.sh", "!b.sh"])',
  },
  {
    name: "the text of a Dockerfile",
    ours: () => Template.fromDockerfileContent("FROM alpine\n"),
    python: 'T.from_dockerfile_content("FROM alpine\\n")',
  },
  {
    name: "the text of a Dockerfile with a folder",
    ours: () => Template.fromDockerfileContent("FROM alpine\nCOPY . /\n", { fileContextPath: "ctx" }),
    python: 'T.from_dockerfile_content("FROM alpine\\nCOPY . /\\n", file_context_path="ctx")',
  },
  {
    name: "copies without a file context, from outside too",
    ours: () => Template.fromImage("a").copy("ctx/src", "/a").copy("../outside.txt", "/b"),
    python: 'T.from_image("a").copy("ctx/src", "/a").copy("../outside.txt", "/b")',
  },
  {
    name: "copies that the file context's rules cut",
    ours: () =>
      Template.fromImage("a", { fileContextPath: "ctx", fileIgnorePatterns: ["deep/**", "!deep/x/keep.txt"] }).copy(
        ".",
        "/all",
      ),
    python:
      'T.from_image("a", file_context_path="ctx", file_ignore_patterns=["deep/**", "!deep/x/keep.txt"]).copy(".", "/all")',
  },
  {
    name: "a named base image with credentials",
    ours: () => Template.fromBaseImage("registry.example/b:2", { username: "u", password: "p4ss" }),
    python: 'T.from_base_image("registry.example/b:2", username="u", password="p4ss")',
  },
  {
    name: "a template by the other name of the base",
    ours: () => Template.fromName("acme/web:stable").forceBuild().workdir("/w").env({ A: "1" }).env({ B: "2" }),
    python: 'T.from_name("acme/web:stable").force_build().workdir("/w").env({"A": "1"}).env({"B": "2"})',
  },
  {
    name: "variants, versions and tags of the bases",
    ours: () => Template.fromNodeImage("24", { variant: "slim", username: "u", password: "p4ss" }),
    python: 'T.from_node_image("24", variant="slim", username="u", password="p4ss")',
  },
  { name: "an Ubuntu version", ours: () => Template.fromUbuntuImage("24.04"), python: 'T.from_ubuntu_image("24.04")' },
  { name: "the stable Debian", ours: () => Template.fromDebianImage(), python: "T.from_debian_image()" },
  { name: "slim Debian", ours: () => Template.debianSlim(), python: "T.debian_slim()" },
  {
    name: "credentials that are given, taken back, and given again",
    ours: () =>
      Template.fromImage("registry.example/a:1", { username: "u", password: "p4ss" })
        .setBaseImageAuth({})
        .setBaseImageAuth({ username: "v", password: "q" }),
    python: `T.from_image("registry.example/a:1", username="u", password="p4ss")
      .set_base_image_auth().set_base_image_auth(username="v", password="q")`.replace(/\s*\n\s*/g, ""),
  },
  {
    name: "credentials of Google for an image",
    ours: () =>
      Template.fromImage("g.example/a").setGcpRegistryAuth({ serviceAccountJson: { type: "x", nested: { a: 1 } } }),
    python: 'T.from_image("g.example/a").set_gcp_registry_auth(service_account_json={"type": "x", "nested": {"a": 1}})',
  },
  {
    name: "credentials of Amazon for an image",
    ours: () =>
      Template.fromImage("a.example/a").setAwsRegistryAuth({ accessKeyId: "a", secretAccessKey: "b", region: "c" }),
    python: 'T.from_image("a.example/a").set_aws_registry_auth(access_key_id="a", secret_access_key="b", region="c")',
  },
  {
    name: "secrets from the environment and from a file",
    ours: () =>
      Template.fromDockerfileContent("FROM alpine\n")
        .addBuildSecretEnv("PATH")
        .addBuildSecretEnv("path", "PATH")
        .addBuildSecretFile("file", "account.json"),
    python: `T.from_dockerfile_content("FROM alpine\\n").add_build_secret_env("PATH")
      .add_build_secret_env("path", "PATH").add_build_secret_file("file", "account.json")`.replace(/\s*\n\s*/g, ""),
  },
  {
    name: "a file context that is set later and replaced, with modes and options of each item",
    ours: () =>
      Template.fromImage("a")
        .copy("src/a.txt", "/first", { mode: "600" })
        .setFileContext("ctx/deep")
        .setFileContext("ctx", { ignorePatterns: ["*.txt", "!a.txt"] })
        .copyItems(
          [
            { src: ["src"], dst: "/s/", user: "own", mode: 0o750 },
            { src: "b.sh", dst: "/b", forceUpload: true },
          ],
          { user: "all", mode: "0644" },
        )
        .setReadyCmd(waitForPort(8080, { timeoutSecs: 7, intervalMs: 11, startupGraceSecs: 3 })),
    python: `T.from_image("a").copy("src/a.txt", "/first", mode="600").set_file_context("ctx/deep")
      .set_file_context("ctx", ignore_patterns=["*.txt", "!a.txt"])
      .copy_items([{"sources": ["src"], "dest": "/s/", "user": "own", "mode": 0o750},
                   {"src": "b.sh", "dst": "/b", "force_upload": True}], user="all", mode="0644")
      .set_ready_cmd(ns.wait_for_port(8080, timeout_secs=7, interval_ms=11, startup_grace_secs=3))`.replace(
      /\s*\n\s*/g,
      " ",
    ),
  },
  {
    name: "the text of a Dockerfile that would lie deeper, with an ignore file of its own",
    ours: () =>
      Template.fromDockerfileContent("FROM alpine\n", { fileContextPath: "ctx", pathHint: "docker/app.Dockerfile" }),
    python: 'T.from_dockerfile_content("FROM alpine\\n", file_context_path="ctx", path_hint="docker/app.Dockerfile")',
  },
  {
    name: "probes with every setting",
    ours: () =>
      Template.fromImage("a")
        .setStartCmd("x")
        .setReadyCmd(waitForProcess("server", { timeoutSecs: 1, intervalMs: 2, startupGraceSecs: 3 })),
    python:
      'T.from_image("a").set_start_cmd("x").set_ready_cmd(ns.wait_for_process("server", timeout_secs=1, interval_ms=2, startup_grace_secs=3))',
  },
  {
    name: "a file probe with every setting",
    ours: () =>
      Template.fromImage("a").setReadyCmd(waitForFile("/x", { timeoutSecs: 1, intervalMs: 2, startupGraceSecs: 3 })),
    python:
      'T.from_image("a").set_ready_cmd(ns.wait_for_file("/x", timeout_secs=1, interval_ms=2, startup_grace_secs=3))',
  },
  {
    name: "a URL without a path, of any host that is the machine",
    ours: () =>
      Template.fromImage("a").setReadyCmd(
        waitForUrl("http://0.0.0.0:9", { timeoutSecs: 1, intervalMs: 2, startupGraceSecs: 3 }),
      ),
    python:
      'T.from_image("a").set_ready_cmd(ns.wait_for_url("http://0.0.0.0:9", timeout_secs=1, interval_ms=2, startup_grace_secs=3))',
  },
];
