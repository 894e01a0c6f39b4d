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

const DOCKERFILE = (version: string) =>
  [
    "# syntax=docker/dockerfile:1",
    "FROM node:24-slim",
    "ARG VERSION",
    "WORKDIR /app",
    "COPY package.json package-lock.json ./",
    "RUN npm ci --omit=dev",
    ...(version === "1.4.0" ? ["RUN apt-get update && apt-get install -y ffmpeg"] : []),
    "COPY . .",
    'CMD ["node", "server.js"]',
    "",
  ].join("\n");

const SAYS = ["RUN npm ci --omit=dev", "added 212 packages in 9s", "33 packages are looking for funding"];

/**
 * What a service has after a while: templates, tags that were moved, builds that are ready, failed, were cancelled, run.
 *
 * @param templates how many there are besides those with builds of their own
 * @param lines how many the log of one build has
 */
export async function seed(world: PageWorld, { templates = 1_000, lines = 100_000 } = {}): Promise<Seeded> {
  world.db.transaction(() => {
    for (let n = 0; n < templates; n++) {
      seedBuild(world.db, `service-${String(n).padStart(4, "0")}`, n % 3 === 0 ? "stable" : "default", `sha256:${n}`);
    }
  });
  const ready: string[] = [];
  for (const version of ["1.2.0", "1.3.0", "1.4.0"]) {
    ready.push(
      await world.ready(
        {
          name: "web",
          tags: version === "1.4.0" ? ["dev"] : ["dev", "prod"],
          dockerfile: DOCKERFILE(version),
          build_context: { files: filesOf(version) },
          build_args: { VERSION: version },
          build_envs: { NODE_ENV: "production" },
          runtime_config: { default_envs: { PORT: "8080" } },
        },
        ...SAYS,
      ),
    );
  }
  const failed = await world.begin({
    name: "worker",
    tags: ["dev"],
    dockerfile: FAILS,
    build_context: { files: filesOf("1") },
  });
  failed.say(1, "FROM python:3.13-slim");
  failed.say(2, "WORKDIR /app", "COPY . .");
  failed.say(3, "RUN pip install -r requirements.txt", ...TAIL);
  await failed.fail(
    new BuildFailure("The command `pip install -r requirements.txt` ended with exit code 1.", {
      phase: "build_step",
      reason: "command_failed",
      suggestedAction: "Correct the line of the Dockerfile, and build again.",
      stepIndex: 3,
      details: { dockerfile_line: 4, exit_code: 1, log_tail: TAIL },
    }),
  );
  const cancelled = await world.begin({ name: "worker", tags: ["dev"] });
  world.service.builds.cancel(cancelled.buildId, "a newer commit");
  await world.service.builds.waitUntilFinal(cancelled.buildId, AbortSignal.timeout(30_000));
  const long = await world.begin({ name: "batch", tags: ["nightly"] });
  long.say(1, ...Array.from({ length: lines }, (_, n) => `compiled module ${n} of ${lines}`));
  await long.finish();
  const running = await world.begin({
    name: "web",
    tags: ["dev"],
    dockerfile: DOCKERFILE("1.5.0"),
    build_context: { files: filesOf("1") },
  });
  running.say(1, ...SAYS);
  return { ready, failed: failed.buildId, cancelled: cancelled.buildId, long: long.buildId, running };
}

const FAILS = [
  "FROM python:3.13-slim",
  "WORKDIR /app",
  "COPY . .",
  "RUN pip install -r requirements.txt",
  'CMD ["python", "-m", "worker"]',
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
