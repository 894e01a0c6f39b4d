import * as z from "zod";
import { EngineUnavailableError } from "../../../errors.ts";
import type {
  NativeBlueprint,
  NativeGeneration,
  NativeMember,
  NativePools,
  ObservedGeneration,
} from "../../../fleet/guests/native-pools.ts";
import { INSTANCE_LABEL } from "../../../labels.ts";
import { KubernetesError } from "../client/errors.ts";
import { listAll } from "../client/follow-list.ts";
import type { KubernetesClient } from "../client/kubernetes-client.ts";
import { rethrow } from "../cluster-errors.ts";
import { FollowedObjects, isKindAbsent } from "../followed-objects.ts";
import { ownSelector } from "../guest-labels.ts";
import type { Isolation } from "../isolation.ts";
import { placedSettings } from "../placed-settings.ts";
import type { PodSettings } from "../pod-object.ts";
import { refused, START_PATIENCE, type StartPatience } from "../start-verdict.ts";
import { isContained } from "./is-contained.ts";
import { MemberVerdicts } from "./member-verdicts.ts";
import {
  CLAIMS,
  CURRENT_LABEL,
  EXTENSIONS_GROUP,
  INSTALL_EXTENSIONS,
  listPath,
  MEMBERS,
  POOL_NAME_LABEL,
  TEMPLATES,
  WARM_POOLS,
  type NativeKind,
} from "./native-api.ts";
import type { WantedObject } from "../wanted-object.ts";
import { nativeName, templateObject, warmPoolObject } from "./native-manifests.ts";
import { isReady, MemberSandbox, SandboxClaim, SandboxTemplate, SandboxWarmPool } from "./native-objects.ts";

/** Who writes them, for others that share them (server-side apply). */
const FIELD_MANAGER = "nullspace-local";

const Anything = z.looseObject({});

/** What native pools are kept with. */
export interface NativePlace {
  readonly client: KubernetesClient;
  readonly settings: PodSettings;
  readonly isOn: boolean;
  /** What keeps machines apart; `undefined`: nothing does. */
  readonly isolation: () => Isolation | undefined;
  readonly patience?: Partial<StartPatience> | undefined;
}

/**
 * Pools of agent-sandbox for other programs: a SandboxTemplate and a SandboxWarmPool for each generation, of one name. Its controller
 * makes the members, and hands them out; here it is only said how many there are to be.
 */
export class KubernetesNativePools implements NativePools {
  readonly #place: NativePlace;
  readonly #templates: FollowedObjects<SandboxTemplate>;
  readonly #pools: FollowedObjects<SandboxWarmPool>;
  readonly #verdicts: MemberVerdicts;
  #onChange: ((objectName: string | undefined) => void) | undefined;
  #problem: unknown;

  constructor(place: NativePlace) {
    this.#place = place;
    const { client, settings, patience } = place;
    const told = {
      selector: ownSelector(settings.instanceId),
      onChange: (name: string) => this.#onChange?.(name),
      onGone: () => undefined,
      onKnown: () => {
        if (!this.isKnown) return;
        this.#problem = undefined;
        this.#onChange?.(undefined);
      },
      onLost: (error: unknown) => {
        this.#problem = error;
        this.#onChange?.(undefined);
      },
    };
    const path = (kind: NativeKind) => listPath(kind, settings.namespace);
    this.#templates = new FollowedObjects(client, { ...told, path: path(TEMPLATES), object: SandboxTemplate });
    this.#pools = new FollowedObjects(client, { ...told, path: path(WARM_POOLS), object: SandboxWarmPool });
    this.#verdicts = new MemberVerdicts(client, settings, { ...START_PATIENCE, ...patience });
  }

  get isOn(): boolean {
    return this.#place.isOn;
  }

  get place(): string {
    return this.#place.settings.namespace;
  }

  get isKnown(): boolean {
    return this.#templates.isKnown && this.#pools.isKnown;
  }

  get problem(): Error | undefined {
    return this.#problem === undefined ? undefined : translated(this.#problem);
  }

  nameOf(pool: { poolId: string; name: string; generation: number }): string {
    return nativeName(this.#place.settings.instanceId, pool);
  }

  names(): readonly string[] {
    const isThere = (name: string) =>
      [this.#pools.get(name), this.#templates.get(name)].some(
        (each) => each && each.metadata.deletionTimestamp == null,
      );
    return [...new Set([...this.#pools.names(), ...this.#templates.names()])].filter(isThere);
  }

  observe(objectName: string): ObservedGeneration | undefined {
    const pool = this.#pools.get(objectName);
    if (pool === undefined) return undefined;
    const { replicas, readyReplicas, observedGeneration } = pool.status ?? {};
    return {
      members: replicas ?? 0,
      ready: readyReplicas ?? 0,
      isSettled: (observedGeneration ?? 0) >= (pool.metadata.generation ?? 0),
    };
  }

  async apply(generation: NativeGeneration, signal: AbortSignal): Promise<void> {
    const { objectName, blueprint } = generation;
    const { settings, isolation } = this.#place;
    const refusal = blueprint && this.#refusalOf(blueprint);
    // What is there may stay and shrink.
    if (refusal !== undefined && generation.replicas > this.#replicasOf(objectName)) throw refusal;
    try {
      await isolation()?.ensurePolicies();
      // The template first: agent-sandbox makes no member without it.
      if (blueprint !== undefined && refusal === undefined) {
        await this.#put(
          TEMPLATES,
          this.#templates.get(objectName),
          templateObject(generation, blueprint, settings),
          signal,
        );
      }
      await this.#put(WARM_POOLS, this.#pools.get(objectName), warmPoolObject(generation, settings), signal);
    } catch (error) {
      throw translated(error);
    }
  }

  async members(objectName: string, signal: AbortSignal): Promise<NativeMember[]> {
    const members = await this.#members(objectName, signal).catch((error: unknown) => rethrow(error));
    return members.map((each) => ({ name: each.metadata.name, isReady: isReady(each) }));
  }

  async hasClaims(objectName: string, signal: AbortSignal): Promise<boolean> {
    try {
      const path = listPath(CLAIMS, this.place);
      const { objects } = await listAll(this.#place.client, { path, object: SandboxClaim, signal });
      return objects.some(({ spec }) => spec.warmPoolRef?.name === objectName);
    } catch (error) {
      if (isKindAbsent(error)) return false;
      return rethrow(error);
    }
  }

  async failureOf(objectName: string, blueprint: NativeBlueprint, signal: AbortSignal): Promise<Error | undefined> {
    try {
      const members = await this.#members(objectName, signal);
      return await this.#verdicts.judge(objectName, members, blueprint, this.#pools.get(objectName), signal);
    } catch (error) {
      throw translated(error);
    }
  }

  async remove(objectName: string, signal: AbortSignal): Promise<void> {
    // The pool first: one without its template is of no use, and a template without a pool harms nobody.
    await this.#delete(WARM_POOLS, objectName, this.#pools.get(objectName)?.metadata.uid, signal);
    await this.#delete(TEMPLATES, objectName, this.#templates.get(objectName)?.metadata.uid, signal);
    this.#verdicts.forget(objectName);
  }

  async follow(onChange: (objectName: string | undefined) => void, signal: AbortSignal): Promise<void> {
    this.#onChange = onChange;
    await Promise.all([this.#templates.follow(signal), this.#pools.follow(signal)]);
  }

  /** Why no member is to be made of a blueprint now. */
  #refusalOf({ internetAccess, placement }: NativeBlueprint): Error | undefined {
    const { settings, isolation } = this.#place;
    if (placedSettings(settings, placement) === undefined) {
      return refused(`the placement "${placement}" is not defined (see --placements)`, {});
    }
    const whyNot = internetAccess ? undefined : whyConnected(isolation());
    if (whyNot === undefined) return undefined;
    const reason = `a machine without internet access needs a network that is known to enforce policies: ${whyNot}`;
    return refused(reason, { isImpossible: true });
  }

  /** Members that a pool has been told to have; -1: there is no pool, which even at 0 makes some for claims. */
  #replicasOf(objectName: string): number {
    const pool = this.#pools.get(objectName);
    return pool === undefined ? -1 : Number((pool.spec as { replicas?: number }).replicas ?? 1);
  }

  /** Those of a pool, the oldest first. */
  async #members(objectName: string, signal: AbortSignal): Promise<MemberSandbox[]> {
    const pool = this.#pools.get(objectName);
    const selector = pool?.status?.selector;
    if (pool === undefined || !selector) return [];
    const path = listPath(MEMBERS, this.place);
    const query = { labelSelector: selector };
    const { objects } = await listAll(this.#place.client, { path, query, object: MemberSandbox, signal }).catch(
      (error: unknown) => {
        if (isKindAbsent(error)) return { objects: [] };
        throw error;
      },
    );
    const isOf = ({ metadata }: MemberSandbox) =>
      metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === pool.metadata.uid) ??
      false;
    const at = ({ metadata }: MemberSandbox) => metadata.creationTimestamp ?? "";
    return objects
      .filter((each) => isOf(each) && each.metadata.deletionTimestamp == null)
      .toSorted((a, b) => (at(a) < at(b) ? -1 : 1));
  }

  /** Writes an object, unless it is as it should be. */
  async #put(
    kind: NativeKind,
    there: SandboxTemplate | SandboxWarmPool | undefined,
    wanted: WantedObject,
    signal: AbortSignal,
  ): Promise<void> {
    const { client } = this.#place;
    const path = `${listPath(kind, this.place)}/${wanted.metadata.name}`;
    if (there !== undefined) {
      // It comes again when it has gone.
      if (there.metadata.deletionTimestamp != null) return;
      if (isContained(wanted, there) && hasNoMore(wanted, there)) return;
    } else await this.#refuseIfTaken(kind, path, signal);
    const uid = there?.metadata.uid;
    // Of the object that was seen, and of no other of its name.
    const body = { ...wanted, metadata: { ...wanted.metadata, ...(uid !== undefined && { uid }) } };
    const query = { fieldManager: FIELD_MANAGER, force: true };
    try {
      await client.json({ method: "PATCH", path, query, contentType: "application/apply-patch+yaml", body }, Anything);
    } catch (error) {
      // What is followed says so in a moment, and it is looked at again then.
      if (error instanceof KubernetesError && error.status === 409 && uid !== undefined) return;
      throw error;
    }
  }

  /** An object that is not told has not been made, or not by this service. */
  async #refuseIfTaken(kind: NativeKind, path: string, signal: AbortSignal): Promise<void> {
    try {
      const { metadata } = await this.#place.client.json({ method: "GET", path, signal }, SandboxTemplate);
      if (metadata.labels?.[INSTANCE_LABEL] === this.#place.settings.instanceId) return;
      throw refused(
        `a ${kind.kind} called ${metadata.name} exists without the label of this service, which leaves it alone. Delete it, or give it back its label ${INSTANCE_LABEL}`,
        {},
      );
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.status !== 404 || isKindAbsent(error)) throw error;
    }
  }

  async #delete(kind: NativeKind, name: string, uid: string | undefined, signal: AbortSignal): Promise<void> {
    if (uid === undefined) return;
    const path = `${listPath(kind, this.place)}/${name}`;
    const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } };
    try {
      await this.#place.client.json({ method: "DELETE", path, body, signal }, Anything);
    } catch (error) {
      // Gone, or another object by now.
      if (!(error instanceof KubernetesError) || (error.status !== 404 && error.status !== 409)) rethrow(error);
    }
  }
}

/** Labels that were the service's own to take away: that of the pool to claim from, and a name that no longer fits. */
function hasNoMore(wanted: WantedObject, { metadata }: SandboxTemplate): boolean {
  const labels = Object.keys(metadata.labels ?? {});
  return [CURRENT_LABEL, POOL_NAME_LABEL].every((name) => name in wanted.metadata.labels || !labels.includes(name));
}

function whyConnected(isolation: Isolation | undefined): string | undefined {
  if (isolation === undefined) return "the service writes no NetworkPolicy (--network-policy none)";
  return isolation.problem;
}

/** In words of the contract: what the cluster does not take, and what is wrong with the way to it. */
function translated(error: unknown): Error {
  if (isKindAbsent(error)) {
    const reason = `the cluster has no ${EXTENSIONS_GROUP} any more. ${INSTALL_EXTENSIONS}`;
    return refused(reason, { mayPass: true, isControllerAway: true, cause: error });
  }
  if (error instanceof KubernetesError && (error.status === 400 || error.status === 422)) {
    return refused(error.said, { isImpossible: true, cause: error });
  }
  if (error instanceof KubernetesError && error.status === 403 && /exceeded quota/.test(error.said)) {
    return refused(error.said, { mayPass: true, isQuota: true, cause: error });
  }
  try {
    return rethrow(error);
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new EngineUnavailableError(String(thrown));
  }
}
