import { BuildFailure } from "../../service/builds/build-failure.ts";
import { seedBuild } from "../unit/service/seed-template.ts";
import type { HeldBuild, PageWorld } from "./page-world.ts";

/** Builds of all kinds, by what they are. */
export interface Seeded {
  /** Ready builds of `local/web`, oldest first: the first two have been `prod`, the last is `dev`. */
  ready: string[];
  failed: string;
  cancelled: string;
  /** One whose log has as many lines as were asked for. */
  long: string;
  running: HeldBuild;
}

/** How much there is, and how time goes by. */
export interface SeedOptions {
  /** Templates besides those with builds of their own. Default 1,000. */
  templates?: number;
  /** Lines of one log. Default 100,000. */
  lines?: number;
  /** Called where time would go by. Default: it does not. */
  pass?: (seconds: number) => void;
}

const DOCKERFILE = (version: string) =>
  [
    "FROM node:24-slim",
    "ARG VERSION",
    "ENV NODE_ENV=production",
    "WORKDIR /app",
    "COPY package.json package-lock.json ./",
    "RUN npm ci --omit=dev",
    ...(version === "1.4.0" ? ["RUN apt-get update && apt-get install -y ffmpeg"] : []),
    "COPY . .",
    "",
  ].join("\n");

/** What a builder says, step by step. */
const SAYS = [
  ["FROM node:24-slim"],
  ["WORKDIR /app"],
  ["COPY package.json package-lock.json ./"],
  ["RUN npm ci --omit=dev", "added 212 packages in 9s", "33 packages are looking for funding"],
  ["COPY . ."],
];

/** What a service has after a while: templates, tags that were moved, builds that are ready, failed, were cancelled, run. */
export async function seed(
  world: PageWorld,
  { templates = 1_000, lines = 100_000, pass = () => undefined }: SeedOptions = {},
): Promise<Seeded> {
  world.db.transaction(() => {
    for (let n = 0; n < templates; n++) {
      seedBuild(world.db, `service-${String(n).padStart(4, "0")}`, n % 3 === 0 ? "stable" : "default", `sha256:${n}`);
    }
  });
  const say = (build: HeldBuild, says: string[][]) => {
    for (const [index, said] of says.entries()) {
      for (const each of said) {
        build.say(index + 1, each);
        pass(3);
      }
    }
  };
  const beginWeb = (version: string, tags: string[]) =>
    world.begin({
      name: "web",
      tags,
      dockerfile: DOCKERFILE(version),
      build_context: { files: filesOf(version) },
      build_args: { VERSION: version },
      runtime_config: { default_envs: { PORT: "8080" } },
    });
  const ready: string[] = [];
  for (const version of ["1.2.0", "1.3.0", "1.4.0"]) {
    const build = await beginWeb(version, version === "1.4.0" ? ["dev"] : ["dev", "prod"]);
    say(build, SAYS);
    await build.finish();
    ready.push(build.buildId);
    pass(30 * 3600);
  }
  const long = await world.begin({ name: "batch", tags: ["nightly"] });
  long.say(1, ...Array.from({ length: lines }, (_, n) => `compiled module ${n} of ${lines}`));
  pass(95);
  await long.finish();
  pass(5 * 3600);
  const cancelled = await world.begin({ name: "worker", tags: ["dev"] });
  pass(12);
  world.service.builds.cancel(cancelled.buildId, "a newer commit");
  await world.service.builds.waitUntilFinal(cancelled.buildId, AbortSignal.timeout(30_000));
  const failed = await world.begin({
    name: "worker",
    tags: ["dev"],
    dockerfile: FAILS,
    build_context: { files: filesOf("1") },
  });
  say(failed, [
    ["FROM python:3.13-slim"],
    ["WORKDIR /app"],
    ["COPY . ."],
    ["RUN pip install -r requirements.txt", ...TAIL],
  ]);
  await failed.fail(
    new BuildFailure("The command `pip install -r requirements.txt` ended with exit code 1.", {
      phase: "build_step",
      reason: "command_failed",
      suggestedAction: "Correct line 4 of the Dockerfile or what it reads, and build again.",
      stepIndex: 4,
      details: { dockerfile_line: 4, exit_code: 1, log_tail: TAIL },
    }),
  );
  pass(600);
  const running = await beginWeb("1.5.0", ["dev"]);
  say(running, SAYS.slice(0, 4));
  return { ready, failed: failed.buildId, cancelled: cancelled.buildId, long: long.buildId, running };
}

const FAILS = [
  "FROM python:3.13-slim",
  "WORKDIR /app",
  "COPY . .",
  "RUN pip install -r requirements.txt",
  "RUN python -m compileall .",
  "",
].join("\n");

const TAIL = [
  "Collecting torch==2.99.0",
  "ERROR: Could not find a version that satisfies the requirement torch==2.99.0",
  "ERROR: No matching distribution found for torch==2.99.0",
];

function filesOf(version: string) {
  const file = (path: string, text: string) => {
    return { path, entry_type: "file", content_base64: Buffer.from(text).toString("base64") };
  };
  return [
    file("package.json", JSON.stringify({ name: "web", version })),
    file("package-lock.json", "{}"),
    file("server.js", `console.log(${JSON.stringify(version)})`),
    file("requirements.txt", "torch==2.99.0"),
  ];
}
