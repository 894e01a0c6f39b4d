import * as z from "zod";
import type {
  NativeBlueprint,
  NativeGeneration,
  NativeMember,
  NativePools,
  ObservedGeneration,
} from "../../../fleet/guests/native-pools.ts";
import { INSTANCE_LABEL } from "../../../labels.ts";
import { isKindGone } from "../client/absent-kind.ts";
import { KubernetesError } from "../client/errors.ts";
import { listAll } from "../client/follow-list.ts";
import type { KubernetesClient } from "../client/kubernetes-client.ts";
import { FollowedObjects } from "../followed-objects.ts";
import { ownSelector } from "../guest-labels.ts";
import type { Isolation } from "../isolation.ts";
import { placedSettings } from "../placed-settings.ts";
import type { PodSettings } from "../pod-object.ts";
import { unlessAborted } from "../client/unless-aborted.ts";
import { refused, START_PATIENCE, type StartPatience } from "../start-verdict.ts";
import { Corrections } from "./corrections.ts";
import { isContained } from "./is-contained.ts";
import { MemberVerdicts } from "./member-verdicts.ts";
import {
  CLAIMS,
  CURRENT_LABEL,
  listPath,
  MEMBERS,
  POOL_NAME_LABEL,
  TEMPLATES,
  WARM_POOLS,
  type NativeKind,
} from "./native-api.ts";
import type { WantedObject } from "../wanted-object.ts";
import { NativeErrors } from "./native-errors.ts";
import { nativeName, templateObject, warmPoolObject } from "./native-manifests.ts";
import { isReady, MemberSandbox, SandboxClaim, SandboxTemplate, SandboxWarmPool } from "./native-objects.ts";

/** Who writes them, for others that share them (server-side apply). */
const FIELD_MANAGER = "nullspace-local";

const Anything = z.looseObject({});

/** A conflict is nobody's fault; so many in a row are somebody's. */
const CONFLICTS = 5;

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
  readonly #errors: NativeErrors;
  /** Of objects, by path. */
  readonly #corrections = new Corrections();
  /** Conflicts in a row, by path. */
  readonly #conflicts = new Map<string, number>();
  #onChange: ((objectName: string | undefined) => void) | undefined;
  /** What the server was lost with, and what that means as soon as it is known. */
  #problem: { readonly error: unknown; readonly explained?: Error } | undefined;
  #following = AbortSignal.abort();

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
      onLost: (error: unknown) => void this.#lose(error),
    };
    const path = (kind: NativeKind) => listPath(kind, settings.namespace);
    this.#templates = new FollowedObjects(client, { ...told, path: path(TEMPLATES), object: SandboxTemplate });
    this.#pools = new FollowedObjects(client, { ...told, path: path(WARM_POOLS), object: SandboxWarmPool });
    this.#verdicts = new MemberVerdicts(client, settings, { ...START_PATIENCE, ...patience });
    this.#errors = new NativeErrors(client, settings.namespace);
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
    return this.#problem?.explained;
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

  async apply(generation: NativeGeneration, signal: AbortSignal): Promise<boolean> {
    const { objectName, blueprint } = generation;
    const { settings, isolation } = this.#place;
    const refusal = blueprint && this.#refusalOf(blueprint);
    // What is there may stay and shrink.
    if (refusal !== undefined && generation.replicas > this.#replicasOf(objectName)) throw refusal;
    try {
      const policies = isolation()?.ensurePolicies();
      if (policies !== undefined) await unlessAborted(policies, signal, () => undefined);
      // The template first: agent-sandbox makes no member without it.
      let isDone = true;
      if (blueprint !== undefined && refusal === undefined) {
        const wanted = templateObject(generation, blueprint, settings);
        isDone = await this.#put(TEMPLATES, this.#templates.get(objectName), wanted, signal);
      }
      const wanted = warmPoolObject(generation, settings);
      return (await this.#put(WARM_POOLS, this.#pools.get(objectName), wanted, signal)) && isDone;
    } catch (error) {
      throw await this.#errors.explain(error, signal);
    }
  }

  disputed(objectName: string): Error | undefined {
    for (const [kind, objects] of [
      [TEMPLATES, this.#templates],
      [WARM_POOLS, this.#pools],
    ] as const) {
      const there = objects.get(objectName);
      const isDisputed = this.#corrections.isDisputed(`${listPath(kind, this.place)}/${objectName}`);
      if (there !== undefined && isDisputed) return disputed(kind, there);
    }
    return undefined;
  }

  async members(objectName: string, signal: AbortSignal): Promise<NativeMember[]> {
    try {
      const members = await this.#members(objectName, signal);
      return members.map((each) => ({ name: each.metadata.name, isReady: isReady(each) }));
    } catch (error) {
      throw await this.#errors.explain(error, signal);
    }
  }

  async hasClaims(objectName: string, signal: AbortSignal): Promise<boolean> {
    const path = listPath(CLAIMS, this.place);
    try {
      const { objects } = await listAll(this.#place.client, { path, object: SandboxClaim, signal });
      return objects.some(({ spec }) => spec.warmPoolRef?.name === objectName);
    } catch (error) {
      if (await isKindGone(this.#place.client, error, path, signal)) return false;
      throw await this.#errors.explain(error, signal);
    }
  }

  async failureOf(objectName: string, blueprint: NativeBlueprint, signal: AbortSignal): Promise<Error | undefined> {
    try {
      const members = await this.#members(objectName, signal);
      return await this.#verdicts.judge(objectName, members, blueprint, this.#pools.get(objectName), signal);
    } catch (error) {
      throw await this.#errors.explain(error, signal);
    }
  }

  async remove(objectName: string, signal: AbortSignal): Promise<void> {
    // The pool first: one without its template is of no use, and a template without a pool harms nobody.
    await this.#delete(WARM_POOLS, objectName, this.#pools.get(objectName)?.metadata.uid, signal);
    await this.#delete(TEMPLATES, objectName, this.#templates.get(objectName)?.metadata.uid, signal);
    this.#verdicts.forget(objectName);
    for (const kind of [WARM_POOLS, TEMPLATES]) {
      const path = `${listPath(kind, this.place)}/${objectName}`;
      this.#conflicts.delete(path);
      this.#corrections.forget(path);
    }
  }

  async follow(onChange: (objectName: string | undefined) => void, signal: AbortSignal): Promise<void> {
    this.#onChange = onChange;
    this.#following = signal;
    await Promise.all([this.#templates.follow(signal), this.#pools.follow(signal)]);
  }

  /** Nothing is known for now; why is told as soon as it is known. */
  async #lose(error: unknown): Promise<void> {
    const problem = { ...this.#problem, error };
    this.#problem = problem;
    const explained = await this.#errors.explain(error, this.#following);
    // Something else has happened meanwhile.
    if (this.#problem !== problem || this.#following.aborted) return;
    this.#problem = { error, explained };
    this.#onChange?.(undefined);
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
      async (error: unknown) => {
        if (await isKindGone(this.#place.client, error, path, signal)) return { objects: [] };
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

  /** Writes an object, unless it is as it should be. @returns `false` when it is not yet: it goes, or another one has come */
  async #put(
    kind: NativeKind,
    there: SandboxTemplate | SandboxWarmPool | undefined,
    wanted: WantedObject,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { client } = this.#place;
    const path = `${listPath(kind, this.place)}/${wanted.metadata.name}`;
    const text = JSON.stringify(wanted);
    if (there !== undefined) {
      // It comes again when it has gone.
      if (there.metadata.deletionTimestamp != null) return false;
      if (isContained(wanted, there) && hasNoMore(wanted, there)) return true;
      const correction = this.#corrections.judge(path, text, there);
      if (correction !== "write") return correction === "taken";
    } else await this.#refuseIfTaken(kind, path, signal);
    const uid = there?.metadata.uid;
    // Of the object that was seen, and of no other of its name.
    const body = { ...wanted, metadata: { ...wanted.metadata, ...(uid !== undefined && { uid }) } };
    const query = { fieldManager: FIELD_MANAGER, force: true };
    try {
      const contentType = "application/apply-patch+yaml";
      const request = { method: "PATCH", path, query, contentType, body, signal } as const;
      const answer = await client.json(request, SandboxTemplate);
      this.#conflicts.delete(path);
      this.#corrections.note(path, text, there, answer);
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.status !== 409) throw error;
      // It, or a quota that counts it, was changed at the same moment.
      const conflicts = (this.#conflicts.get(path) ?? 0) + 1;
      this.#conflicts.set(path, conflicts);
      if (conflicts < CONFLICTS) return false;
      throw refused(error.said, { mayPass: true, cause: error });
    }
    return true;
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
      if (!(error instanceof KubernetesError) || !isThereNone(error)) throw error;
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
      if (error instanceof KubernetesError && (isThereNone(error) || error.status === 409)) return;
      if (await isKindGone(this.#place.client, error, path, signal)) return;
      throw await this.#errors.explain(error, signal);
    }
  }
}

/** Labels that were the service's own to take away: that of the pool to claim from, and a name that no longer fits. */
function hasNoMore(wanted: WantedObject, { metadata }: SandboxTemplate): boolean {
  const labels = Object.keys(metadata.labels ?? {});
  return [CURRENT_LABEL, POOL_NAME_LABEL].every((name) => name in wanted.metadata.labels || !labels.includes(name));
}

/** Others change an object as often as it is put right. */
function disputed({ kind }: NativeKind, { metadata }: SandboxTemplate): Error {
  const managers = (metadata.managedFields ?? [])
    .filter(({ manager, subresource }) => manager != null && manager !== FIELD_MANAGER && subresource == null)
    .map(({ manager }) => manager);
  const who = managers.length === 0 ? "" : ` (managers of its fields: ${[...new Set(managers)].join(", ")})`;
  const reason = `the ${kind} ${metadata.name} is changed by others as often as the service puts it right${who}. Have them leave it alone; how many it has is said by the pool's label`;
  return refused(reason, { mayPass: true });
}

function whyConnected(isolation: Isolation | undefined): string | undefined {
  if (isolation === undefined) return "the service writes no NetworkPolicy (--network-policy none)";
  return isolation.problem;
}

/** The server knows the kind, and no object of the name: its own words, and not a page of what stands before it. */
function isThereNone({ status, reason }: KubernetesError): boolean {
  return status === 404 && reason !== "";
}
