import { setTimeout as sleep } from "node:timers/promises";
import type {
  NativeGeneration,
  NativeMember,
  NativePools,
  ObservedGeneration,
} from "../../../../service/fleet/guests/native-pools.ts";

/** Pools for other programs in memory, whose members are ready at once unless a test says otherwise. */
export class MemoryNativePools implements NativePools {
  readonly isOn = true;
  readonly place = "machines";
  isKnown = true;
  problem: Error | undefined;
  /** How many members of a generation get ready. */
  readyOf: (generation: NativeGeneration) => number = () => Infinity;
  /** Why members of a generation do not get ready. */
  failure: (objectName: string) => Error | undefined = () => undefined;
  /** Each generation as it was applied last. */
  readonly applied = new Map<string, NativeGeneration>();
  #onChange: (objectName: string | undefined) => void = () => undefined;

  nameOf({ name, generation }: { name: string; generation: number }): string {
    return `${name}-0123abcd-g${generation}`;
  }

  names(): readonly string[] {
    return [...this.applied.keys()];
  }

  observe(objectName: string): ObservedGeneration | undefined {
    const generation = this.applied.get(objectName);
    if (generation === undefined) return undefined;
    const { replicas } = generation;
    return { members: replicas, ready: Math.min(replicas, this.readyOf(generation)), isSettled: true };
  }

  async apply(generation: NativeGeneration): Promise<boolean> {
    const before = this.applied.get(generation.objectName);
    this.applied.set(generation.objectName, generation);
    if (before?.replicas !== generation.replicas) setImmediate(() => this.#onChange(generation.objectName));
    return true;
  }

  disputed(): Error | undefined {
    return undefined;
  }

  async members(objectName: string): Promise<NativeMember[]> {
    const { members = 0, ready = 0 } = this.observe(objectName) ?? {};
    return Array.from({ length: members }, (_, at) => ({ name: `${objectName}-${at}`, isReady: at < ready }));
  }

  async hasClaims(): Promise<boolean> {
    return false;
  }

  async failureOf(objectName: string): Promise<Error | undefined> {
    return this.failure(objectName);
  }

  async remove(objectName: string): Promise<void> {
    this.applied.delete(objectName);
  }

  /** Everything is known again, or not any more. */
  tell(problem: Error | undefined): void {
    [this.problem, this.isKnown] = [problem, problem === undefined];
    this.#onChange(undefined);
  }

  async follow(onChange: (objectName: string | undefined) => void, signal: AbortSignal): Promise<void> {
    this.#onChange = onChange;
    await sleep(2 ** 31 - 1, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
