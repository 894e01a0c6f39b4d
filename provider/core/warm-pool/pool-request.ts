import {
  formatTemplateRef,
  fromWire,
  parseTemplateRef,
  SIZE_NAMES,
  toWire,
  WARM_POOL_NAMES,
  type CreateWarmPoolRequest,
  type UpdateWarmPoolRequest,
  type WarmPool,
} from "../../../sdk/wire/index.ts";
import type { Properties } from "../properties.ts";
import type { Mark } from "../ownership/mark.ts";
import { withoutOwner, withOwner } from "./pool-owner.ts";
import { CheckedWarmPoolInputs, type WarmPoolInputs, type WarmPoolOutputs } from "./inputs.ts";

/** The pool that the inputs ask for, in the words of the service. */
export function toCreateRequest(inputs: WarmPoolInputs, mark: Mark): CreateWarmPoolRequest {
  const { metadata } = inputs;
  return {
    ...toWire(WARM_POOL_NAMES, { ...inputs, template: templateRefOf(inputs), metadata: withOwner(metadata, mark) }),
    resources: toWire(SIZE_NAMES, inputs),
  };
}

/** Inputs with whose change another one is sent, too. */
const SENT_WITH: Readonly<Record<string, readonly string[]>> = {
  template: ["buildId", "versionPolicy"],
  // Both, so that the service compares the new ones with each other.
  minReady: ["maxReady"],
  maxReady: ["minReady"],
};
/** What is sent for an input that the program does not give any more. */
const CLEARED = { trackTag: null, labels: {} };

/** Only the members whose inputs changed. What an input no longer says is cleared. */
export function toUpdateRequest(
  inputs: WarmPoolInputs,
  changed: ReadonlySet<string>,
  mark: Mark,
): UpdateWarmPoolRequest {
  const { resources, ...settings } = toCreateRequest(inputs, mark);
  const told = { ...CLEARED, ...fromWire(WARM_POOL_NAMES, settings) };
  const isSent = (name: string) => [name, ...(SENT_WITH[name] ?? [])].some((input) => changed.has(input));
  return {
    ...toWire(WARM_POOL_NAMES, Object.fromEntries(Object.entries(told).filter(([name]) => isSent(name)))),
    ...(Object.keys(SIZE_NAMES).some(isSent) && { resources }),
  };
}

/** The ref that the pool is made from: a pinned build is named in it, a tag that is followed stays as it is. */
export function templateRefOf({ template, versionPolicy, buildId }: WarmPoolInputs): string {
  if (versionPolicy !== "pinned_build" || buildId === undefined) return template;
  const ref = parseTemplateRef(template);
  if (ref.kind === "artifact") return template;
  const { namespace, name } = ref;
  return formatTemplateRef({ kind: "name", ...(namespace === undefined ? {} : { namespace }), name, buildId });
}

/** The pool as inputs. What only the program knows is taken from the inputs of the last update. */
export function toInputs(pool: WarmPool, last: Properties | undefined): Properties {
  const metadata = withoutOwner(pool.metadata);
  // The ref that was sent may carry the pinned build: the program's own words stand while they mean the same.
  const sent = last === undefined ? undefined : CheckedWarmPoolInputs.safeParse(last).data;
  const unmoved = sent !== undefined && templateRefOf(sent) === pool.template_ref;
  // What the service fills in by itself is shown only where the program gives one.
  const isShown = (name: string) => last === undefined || last[name] !== undefined;
  const isTold = (name: string, members: object) => Object.keys(members).length > 0 || last?.[name] !== undefined;
  return present({
    ...fromWire(WARM_POOL_NAMES, pool),
    ...fromWire(SIZE_NAMES, pool.resources),
    ...(unmoved && { template: sent.template }),
    ...(!isShown("diskMb") && { diskMb: undefined }),
    ...(!isShown("trackTag") && { trackTag: undefined }),
    buildId: last?.buildId === undefined ? undefined : pool.resolved_template_build_id,
    labels: isTold("labels", pool.labels) ? pool.labels : undefined,
    metadata: isTold("metadata", metadata) ? metadata : undefined,
    enabled: pool.state === "enabled",
    waitForReady: last?.waitForReady ?? true,
    drain: last?.drain ?? false,
    forceDelete: last?.forceDelete ?? false,
    adopt: last?.adopt ?? false,
  });
}

/** What the pool has beside its inputs. */
export function toOutputs(pool: WarmPool): Partial<WarmPoolOutputs> {
  const { ready, warming, claimed } = pool.status;
  return present({
    poolId: pool.id,
    state: pool.state,
    ready,
    warming,
    claimed,
    resolvedBuildId: pool.resolved_template_build_id,
    rolloutGeneration: pool.rollout_generation,
  });
}

/**
 * The outputs of a refresh. Counts come and go: alone they are no difference, and stay what they were when the resource last
 * changed.
 */
export function toReadOutputs(pool: WarmPool, last: Properties | undefined): Partial<WarmPoolOutputs> {
  const now = toOutputs(pool);
  const { ready, warming, claimed } = last ?? {};
  return last === undefined ? now : ({ ...now, ready, warming, claimed } as Partial<WarmPoolOutputs>);
}

/** What the service says nothing of is absent, and never null. */
function present(members: Properties): Properties {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value != null));
}
