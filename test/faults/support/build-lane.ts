import type { Random } from "../../unit/context/support/random.ts";
import { BASE_IMAGE } from "../../engine/service/fleet-fixture.ts";
import { segment, type Call } from "./calls.ts";
import { acknowledged, type Lane } from "./lane.ts";
import type { Tally } from "./tally.ts";

/** Machines and builds of these tests need no network, which an engine of a test's own does not have. */
export const OFFLINE = { internet_access: false };

/** Builds one template again each time, waits for the end, and deletes older artifacts. */
export class BuildLane implements Lane {
  readonly #name: string;
  /** Builds that were accepted, with the tag of each. */
  readonly #accepted = new Map<string, string>();
  readonly #deleted = new Set<string>();
  #count = 0;
  #open: { delete: string } | { tag: string } | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async step(call: Call, random: Random, tally: Tally): Promise<void> {
    const [oldest] = this.#accepted;
    if (oldest !== undefined && this.#accepted.size > 3 && random.chance(0.7)) {
      this.#open = { delete: oldest[0] };
      acknowledged(await call("DELETE", `/v1/templates/refs/${segment(`${this.#name}:${oldest[0]}`)}`), tally);
      this.#accepted.delete(oldest[0]);
      this.#deleted.add(oldest[0]);
      this.#open = undefined;
      return;
    }
    const tag = `n${++this.#count}`;
    this.#open = { tag };
    // The same text in every lane: what is built at the same time is built once.
    const dockerfile = `FROM ${BASE_IMAGE}\nRUN echo ${this.#count % 7} && sleep 0.3\n`;
    const body = { name: this.#name, tags: [tag], dockerfile, build_config: OFFLINE };
    const { build_id: buildId } = acknowledged(await call("POST", "/v1/templates/builds", body), tally);
    this.#accepted.set(buildId as string, tag);
    this.#open = undefined;
    await call("GET", `/v1/templates/builds/${buildId}/logs?follow=true&offset=0`);
    await this.#isReady(call, tally, buildId as string);
  }

  /** Whether a build has ended well. What has not is lost. */
  async #isReady(call: Call, tally: Tally, buildId: string): Promise<boolean> {
    const { status, body } = await call("GET", `/v1/templates/builds/${buildId}`);
    if (status === 200 && body.build.status === "ready") return true;
    this.#accepted.delete(buildId);
    const state = status === 200 ? `${body.build.status}: ${body.build.error}` : `answered with ${status}`;
    tally.lost.push(`build ${buildId} is ${state}`);
    return false;
  }

  async look(call: Call, tally: Tally): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    for (const [buildId, tag] of this.#accepted) {
      await call("GET", `/v1/templates/builds/${buildId}/logs?follow=true&offset=0`);
      if (!(await this.#isReady(call, tally, buildId))) continue;
      const exact = await call("GET", `/v1/templates/refs/${segment(`${this.#name}:${buildId}`)}`);
      const isDeleted = open !== undefined && "delete" in open && open.delete === buildId && exact.status === 404;
      const tagged = await call("GET", `/v1/templates/refs/${segment(`${this.#name}:${tag}`)}`);
      if (isDeleted) {
        this.#accepted.delete(buildId);
        this.#deleted.add(buildId);
      } else if (exact.status !== 200 || tagged.body.id !== exact.body.id) {
        tally.lost.push(`tag ${this.#name}:${tag} of build ${buildId}`);
      }
    }
    for (const buildId of this.#deleted) {
      const { status } = await call("GET", `/v1/templates/refs/${segment(`${this.#name}:${buildId}`)}`);
      if (status !== 404) tally.lost.push(`deletion of ${buildId}`);
    }
    const { body } = await call("GET", `/v1/templates/refs/${segment(this.#name)}/builds?limit=100`);
    const seen = new Set<string>();
    for (const build of (body.builds ?? []) as { build_id: string; tags: string[] }[]) {
      const [tag = ""] = build.tags;
      if (seen.has(tag)) tally.doubled.push(`build of ${this.#name}:${tag}`);
      seen.add(tag);
      // Accepted without its answer: it is ours from now on.
      if (open !== undefined && "tag" in open && open.tag === tag && !this.#accepted.has(build.build_id)) {
        await call("GET", `/v1/templates/builds/${build.build_id}/logs?follow=true&offset=0`);
        this.#accepted.set(build.build_id, tag);
      }
    }
    await this.#lookAtOrder(call, tally, (body.builds ?? []) as { build_id: string }[]);
  }
  /** Each build began when the one before had ended: the last one is what the bare name means, and first in the history. */
  async #lookAtOrder(call: Call, tally: Tally, history: readonly { build_id: string }[]): Promise<void> {
    const newestFirst = [...this.#accepted.keys()].reverse();
    const [newest] = newestFirst;
    if (newest === undefined) return;
    const bare = await call("GET", `/v1/templates/refs/${segment(this.#name)}`);
    const exact = await call("GET", `/v1/templates/refs/${segment(`${this.#name}:${newest}`)}`);
    if (bare.body.id !== exact.body.id)
      tally.lost.push(`${this.#name} leads to ${bare.body.id}, not to ${exact.body.id}`);
    const listed = history.map(({ build_id }) => build_id).filter((id) => this.#accepted.has(id));
    if (listed.join() !== newestFirst.slice(0, listed.length).join()) {
      tally.lost.push(`order of the builds of ${this.#name}: ${listed.join()} instead of ${newestFirst.join()}`);
    }
  }
}
