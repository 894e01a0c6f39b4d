import { expect } from "vitest";
import type { EngineRun } from "../support/engine-events.ts";
import type { World } from "../sequences/support/world.ts";
import type { BuildFact, StackReport } from "../../../provider/report/index.ts";

/** What there is at the service. */
export interface Sight {
  templates: Awaited<ReturnType<World["templates"]>>;
  pools: Awaited<ReturnType<World["pools"]>>;
}

export async function look(world: World): Promise<Sight> {
  return { templates: await world.templates(), pools: await world.pools() };
}

/** Holds what a report has claimed against what the update has then done. */
export function expectClaimsKept(report: StackReport, run: EngineRun, before: Sight, after: Sight, world: World): void {
  expectStepsKept(report, run);
  expectBuildsKept(report, before, after, world);
  expectTagsKept(report, before, after, world);
  for (const { pool, rolls, action } of report.pools) {
    const name = pool.replace(world.own(""), "");
    const [was, is] = [before.pools[name], after.pools[name]];
    expect({ pool, isThere: is !== undefined }).toEqual({ pool, isThere: action !== "delete" });
    if (was === undefined || is === undefined || rolls === "maybe") continue;
    expect({ pool, rolled: was.build !== is.build }).toEqual({ pool, rolled: rolls === "yes" });
  }
}

/** What the update has touched was told, and what was told for certain it has touched. */
function expectStepsKept(report: StackReport, run: EngineRun): void {
  const facts = [...report.templates, ...report.tags, ...report.aliases, ...report.pools];
  const told = new Set(facts.map(({ resource }) => resource));
  const certain = new Set(facts.filter((fact) => fact.certain).map(({ resource }) => resource));
  const touched = Object.keys(run.steps);
  expect(touched.filter((name) => !told.has(name))).toEqual([]);
  expect([...certain].filter((name) => !touched.includes(name))).toEqual([]);
}

/** A build was made exactly where one was told. */
function expectBuildsKept(report: StackReport, before: Sight, after: Sight, world: World): void {
  const told = report.templates
    .filter(({ action, certain }) => certain && ["create", "rebuild", "replace"].includes(action))
    .map(({ ref, renamedTo }) => shortName(renamedTo ?? ref, world));
  const built = Object.entries(after.templates)
    .filter(([, { builds }]) => {
      const known = Object.values(before.templates).flatMap((each) => each.builds);
      return builds.some((build) => !known.includes(build));
    })
    .map(([name]) => name);
  expect(built.toSorted()).toEqual(told.toSorted());
}

/** Every tag points where it was told, and all others have stayed. */
function expectTagsKept(report: StackReport, before: Sight, after: Sight, world: World): void {
  const told = new Map(report.tags.map((fact) => [`${shortName(fact.template, world)}:${fact.tag}`, fact]));
  for (const [name, { tags, builds }] of Object.entries(after.templates)) {
    for (const [tag, build] of Object.entries(tags)) {
      const fact = told.get(`${name}:${tag}`);
      const was = before.templates[name]?.tags[tag] ?? tagBefore(before, tag, builds);
      const expected = fact?.to == null ? was : buildOf(fact.to, builds);
      expect({ tag: `${name}:${tag}`, build }).toEqual({ tag: `${name}:${tag}`, build: expected });
    }
  }
  for (const [key, { to }] of told) {
    const [name, tag] = key.split(":");
    if (to === null) expect(after.templates[name!]?.tags[tag!]).toBeUndefined();
  }
}

/** Of a template that had another name. */
function tagBefore(before: Sight, tag: string, builds: readonly string[]): string | undefined {
  const same = Object.values(before.templates).find((each) => each.builds.some((build) => builds.includes(build)));
  return same?.tags[tag];
}

function buildOf(build: BuildFact, builds: readonly string[]): string | undefined {
  if (build.kind === "build") return build.id;
  return build.kind === "new build" ? builds[0] : undefined;
}

function shortName(ref: string, world: World): string {
  return ref.replace(/^[^/]*\//, "").replace(world.own(""), "");
}
