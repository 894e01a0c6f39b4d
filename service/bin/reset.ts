import { answerTimeout } from "pulumi-nullspace/concurrency";
import { DockerEngine, isEngineAway } from "pulumi-nullspace/docker";
import { defaultDataDirectory } from "../data-directory.ts";
import { StartupError } from "../errors.ts";
import { holdBelongings, removeBelongings, type Belongings } from "./reset/belongings.ts";
import { inUnits } from "./doctor/in-units.ts";
import { UsageError } from "./usage-error.ts";

/** Time for all of it: a thousand containers take a minute or two. */
const TIMEOUT_MS = 10 * 60_000;

/** `reset`: says what a service has on its engine and on the disk; with `--yes`, removes all of it. */
export async function resetCommand(values: { data?: string; "docker-host"?: string; yes?: boolean }): Promise<void> {
  const engine = new DockerEngine({ ...(values["docker-host"] !== undefined && { host: values["docker-host"] }) });
  using timeout = answerTimeout(TIMEOUT_MS);
  try {
    const belongings = await holdBelongings(values.data ?? defaultDataDirectory(), engine, timeout.signal);
    process.stdout.write(`${listed(belongings)}\n`);
    if (values.yes !== true) {
      belongings.release();
      throw new UsageError("Nothing was removed. Add --yes to remove all of this; there is no way back but a backup.");
    }
    const kept = await removeBelongings(belongings, engine, timeout.signal);
    const left = kept.length === 0 ? "" : `, but for images that containers of others run on: ${kept.join(", ")}`;
    process.stdout.write(`All of it is removed${left}.\n`);
  } catch (error) {
    if (!isEngineAway(error)) throw error;
    throw new StartupError(
      `Docker Engine at ${engine.host} does not answer, and what the service has there would be left behind. Start it, then reset again.`,
      "engine_unavailable",
      error,
    );
  } finally {
    await engine.close();
  }
}

function listed({ path, containers, images }: Belongings): string {
  const bytes = images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return [
    `The data folder ${path}: its templates, builds, pools, machines and keys`,
    ...(containers.length === 0 ? [] : [`${containers.length} containers of machines and pools`]),
    ...(images.length === 0
      ? []
      : [`${images.length} images (${inUnits(bytes)}, layers that they share counted each time)`]),
  ].join("\n");
}
