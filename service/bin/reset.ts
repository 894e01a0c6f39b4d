import { answerTimeout } from "pulumi-nullspace/concurrency";
import { DockerEngine, isEngineAway } from "pulumi-nullspace/docker";
import { defaultDataDirectory } from "../data-directory.ts";
import { EngineUnavailableError, StartupError } from "../errors.ts";
import type { BuildKitOptions } from "../parts/buildkit-options.ts";
import type { KubernetesOptions } from "../parts/kubernetes-options.ts";
import { readSetups, setupsPath } from "../setups.ts";
import type { Belongings } from "./reset/belongings.ts";
import { engineBelongings } from "./reset/engine-belongings.ts";
import { holdFolder, type HeldFolder } from "./reset/held-folder.ts";
import { readPlaces, type Places, type SetupArguments } from "./setup-options.ts";
import { UsageError } from "./usage-error.ts";

/** Time for all of it: a thousand containers take a minute or two. */
const TIMEOUT_MS = 10 * 60_000;

/** `reset`: says what a service has, on the disk and wherever it was served with; with `--yes`, removes all of it. */
export async function resetCommand(values: SetupArguments & { data?: string; yes?: boolean }): Promise<void> {
  using timeout = answerTimeout(TIMEOUT_MS);
  const { signal } = timeout;
  await using open = new AsyncDisposableStack();
  const folder = holdFolder(values.data ?? defaultDataDirectory());
  open.defer(() => folder.release());
  const setups = readSetups(folder);
  const places = readPlaces(values, setups);
  if (places.missing !== undefined) {
    throw new UsageError(
      `This service ran with options that reset was not given, and what it has there would be left behind. Add the options that serve has: ${places.missing} (or remove ${setupsPath(folder)}, where all of that is gone for good)`,
    );
  }
  const all = await findBelongings(places, values["docker-host"], folder, open, signal);
  const lines = [
    `The data folder ${folder.path}: its templates, builds, pools, machines and keys`,
    ...all.flatMap(({ lines }) => lines),
    ...otherRepositories(setups, places).map((name) => `(What it has in the repository ${name} stays there.)`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  if (values.yes !== true) {
    throw new UsageError("Nothing was removed. Add --yes to remove all of this; there is no way back but a backup.");
  }
  const kept: string[] = [];
  for (const belongings of all) kept.push(...(await unlessAway(belongings.remove(signal))));
  folder.remove();
  process.stdout.write(`All of it is removed${kept.length === 0 ? "" : `, but for ${kept.join("; ")}`}.\n`);
}

/** What a service has, in the order in which it goes: machines before the images that they run on. */
async function findBelongings(
  { isEngineUsed, buildkit, kubernetes }: Places,
  dockerHost: string | undefined,
  folder: HeldFolder,
  open: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Belongings[]> {
  const all: Belongings[] = [];
  if (kubernetes !== undefined) all.push(await unlessAway(onCluster(kubernetes, folder, open, signal)));
  if (isEngineUsed) {
    const engine = new DockerEngine({ ...(dockerHost !== undefined && { host: dockerHost }) });
    open.defer(() => engine.close());
    all.push(await unlessAway(engineBelongings(engine, folder, signal), engine));
  }
  if (buildkit !== undefined) all.push(await unlessAway(inRegistry(buildkit, folder, open, signal)));
  return all;
}

/** Not loaded for a service whose machines run on Docker Engine. */
async function onCluster(
  options: KubernetesOptions,
  { instanceId }: HeldFolder,
  open: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Belongings> {
  const { openKubernetesMachines } = await import("../parts/kubernetes.ts");
  const { clusterBelongings } = await import("./reset/cluster-belongings.ts");
  const { findCluster } = await import("../drivers/kubernetes/client/kubeconfig.ts");
  const { KubernetesClient } = await import("../drivers/kubernetes/client/kubernetes-client.ts");
  // Whatever they are made as by now: those that are there go.
  const machines = await openKubernetesMachines({ ...options, guest: "auto" }, instanceId);
  open.defer(() => machines.close());
  const client = new KubernetesClient(await findCluster(options));
  open.defer(() => client.close());
  return clusterBelongings({ client, machines, instanceId }, signal);
}

/** Not loaded for a service whose images are on Docker Engine. */
async function inRegistry(
  options: BuildKitOptions,
  folder: HeldFolder,
  open: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Belongings> {
  const { openRegistries } = await import("../parts/buildkit.ts");
  const { registryBelongings } = await import("./reset/registry-belongings.ts");
  const registries = openRegistries(options);
  open.defer(() => registries.close());
  return registryBelongings(registries, folder, signal);
}

/** Repositories of earlier setups, which only one can be named of. */
function otherRepositories(setups: ReturnType<typeof readSetups>, { buildkit }: Places): string[] {
  const names = setups
    .flatMap(({ registry }) => registry ?? [])
    .filter((name) => name !== buildkit?.registry.repository);
  return [...new Set(names)];
}

/** @throws StartupError `engine_unavailable` when a place does not answer: nothing is forgotten that cannot be removed */
async function unlessAway<T>(asked: Promise<T>, engine?: DockerEngine): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const isAway = error instanceof EngineUnavailableError || isEngineAway(error);
    if (!isAway) throw error;
    const where = engine === undefined ? error.message : `Docker Engine at ${engine.host} does not answer.`;
    throw new StartupError(
      `${where} What the service has there would be left behind: see that it answers, then reset again.`,
      "engine_unavailable",
      error,
    );
  }
}
