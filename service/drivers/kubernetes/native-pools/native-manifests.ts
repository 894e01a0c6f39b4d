import { createHash } from "node:crypto";
import type { NativeBlueprint, NativeGeneration } from "../../../fleet/guests/native-pools.ts";
import { INSTANCE_LABEL, PLACEMENT_LABEL, TEMPLATE_LABEL } from "../../../labels.ts";
import { CONTAINER, NETWORK_LABEL } from "../guest-labels.ts";
import { settingsOf } from "../placed-settings.ts";
import { podObject, type PodSettings } from "../pod-object.ts";
import type { WantedObject } from "../wanted-object.ts";
import {
  apiVersionOf,
  BUILD_ANNOTATION,
  CURRENT_LABEL,
  GENERATION_LABEL,
  NATIVE_LABEL,
  POOL_ID_LABEL,
  POOL_NAME_LABEL,
  TEMPLATES,
  WARM_POOLS,
  type NativeKind,
} from "./native-api.ts";
import { readinessProbe } from "./readiness-probe.ts";

/** So much of a pool's name is in that of its objects: agent-sandbox names Sandboxes, and so pods, after them. */
const MAX_NAME = 30;

/** A label's value (Kubernetes: "Labels and Selectors"). */
const LABEL_VALUE = /^[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?$/;

/** `<pool>-<hash>-g<generation>`: by the hash nobody else's has that name, not even those of a service that a backup was restored for. */
export function nativeName(
  instanceId: string,
  { poolId, name, generation }: { poolId: string; name: string; generation: number },
): string {
  const words = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const short = words.slice(0, MAX_NAME).replaceAll(/^-+|-+$/g, "");
  const hash = createHash("sha256").update(`${instanceId} ${poolId}`).digest("hex").slice(0, 8);
  // A name begins with a letter (RFC 1035).
  return `${/^[a-z]/.test(short) ? short : `pool${short === "" ? "" : `-${short}`}`}-${hash}-g${generation}`;
}

/**
 * The SandboxTemplate of a generation: its members are made as the service's own are.
 *
 * @throws MachineRefusedError when its placement is not defined any more
 */
export function templateObject(
  generation: NativeGeneration,
  blueprint: NativeBlueprint,
  settings: PodSettings,
): WantedObject {
  const { objectName, poolId, templateId } = generation;
  const { artifact, vcpus, memoryMb, diskMb, internetAccess, placement, readiness } = blueprint;
  const guest = {
    guestId: objectName,
    poolId,
    artifact,
    vcpus,
    memoryMb,
    ...(diskMb !== undefined && { diskMb }),
    internetAccess,
  };
  const pod = podObject(guest, settingsOf(settings, placement));
  // Only what never changes while the generation lives: agent-sandbox writes each change into every pod that was claimed.
  const labels = {
    [INSTANCE_LABEL]: settings.instanceId,
    [NATIVE_LABEL]: objectName,
    [TEMPLATE_LABEL]: templateId,
    [NETWORK_LABEL]: pod.metadata.labels[NETWORK_LABEL] ?? "none",
    ...(placement !== undefined && { [PLACEMENT_LABEL]: placement }),
  };
  const { annotations } = pod.metadata;
  return object(TEMPLATES, generation, settings, {
    podTemplate: {
      metadata: { labels, ...(annotations !== undefined && { annotations }) },
      spec: withProbe(pod.spec, readinessProbe(readiness, namedUser(artifact.user))),
    },
    // The service's own policies select the pods by their labels.
    networkPolicyManagement: "Unmanaged",
    envVarsInjectionPolicy: "Disallowed",
    volumeClaimTemplatesPolicy: "Disallowed",
  });
}

/** The SandboxWarmPool of a generation. */
export function warmPoolObject(generation: NativeGeneration, settings: PodSettings): WantedObject {
  const { objectName, replicas, isCurrent } = generation;
  const spec = {
    replicas,
    sandboxTemplateRef: { name: objectName },
    // A template is only put right; a member that was made before stays.
    updateStrategy: { type: "OnReplenish" },
  };
  return object(WARM_POOLS, generation, settings, spec, isCurrent ? { [CURRENT_LABEL]: "true" } : {});
}

function object(
  kind: NativeKind,
  { objectName, poolId, poolName, generation, templateId, resolvedTemplate }: NativeGeneration,
  { namespace, instanceId }: PodSettings,
  spec: object,
  more: Readonly<Record<string, string>> = {},
): WantedObject {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: {
      name: objectName,
      namespace,
      labels: {
        [INSTANCE_LABEL]: instanceId,
        [TEMPLATE_LABEL]: templateId,
        [POOL_ID_LABEL]: poolId,
        ...(LABEL_VALUE.test(poolName) && { [POOL_NAME_LABEL]: poolName }),
        [GENERATION_LABEL]: String(generation),
        ...more,
      },
      annotations: { [POOL_NAME_LABEL]: poolName, [BUILD_ANNOTATION]: resolvedTemplate },
    },
    spec,
  };
}

function withProbe(podSpec: object, probe: object | undefined): object {
  if (probe === undefined) return podSpec;
  const { containers } = podSpec as { containers: readonly { name: string }[] };
  const probed = containers.map((each) => (each.name === CONTAINER ? { ...each, readinessProbe: probe } : each));
  return { ...podSpec, containers: probed };
}

/** A user by number is the container's already. */
function namedUser(user: string | undefined): string | undefined {
  return user === undefined || /^\d{1,9}(?::\d{1,9})?$/.test(user) ? undefined : user;
}
