import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readPlaces } from "../../../service/bin/setup-options.ts";
import { noteSetup, readSetups, setupsPath, type Setup } from "../../../service/setups.ts";

const ENGINE: Setup = { builder: "engine", machines: "docker" };
const BUILDERS: Setup = { builder: "buildkit", registry: "registry.test/team", machines: "docker" };
const CLUSTER: Setup = { ...BUILDERS, machines: "kubernetes", namespace: "machines" };

const WITH_BUILDERS = { builder: "buildkit", "builder-address": ["tcp://b:1"], registry: "registry.test/team" };
const WITH_CLUSTER = { ...WITH_BUILDERS, machines: "kubernetes", kubeconfig: "/config" };

describe("where a command looks that looks after a service", () => {
  it.each([
    ["never served, without options", [], {}, { isEngineUsed: true }],
    ["never served, with all of them", [], WITH_CLUSTER, { isEngineUsed: false }],
    ["on an engine", [ENGINE], {}, { isEngineUsed: true }],
    ["with builders, machines on an engine", [BUILDERS], WITH_BUILDERS, { isEngineUsed: true }],
    ["without an engine", [CLUSTER], WITH_CLUSTER, { isEngineUsed: false }],
    ["first on an engine, and then without one", [ENGINE, CLUSTER], WITH_CLUSTER, { isEngineUsed: true }],
  ] as const)("is known: %s", (_what, setups, values, expected) => {
    const places = readPlaces(values as Parameters<typeof readPlaces>[0], setups);
    expect(places).toMatchObject(expected);
    expect(places.missing).toBeUndefined();
  });

  it("is asked for where the options leave out what the service has been served with", () => {
    const builders = "--builder buildkit --builder-address URL --registry registry.test/team";
    expect(readPlaces({}, [CLUSTER])).toEqual({
      isEngineUsed: false,
      missing: `${builders} --machines kubernetes --namespace machines`,
    });
    // Also what is no more: things may be left there.
    expect(readPlaces({}, [CLUSTER, ENGINE]).missing).toContain("--machines kubernetes");
    expect(readPlaces(WITH_BUILDERS, [CLUSTER]).missing).toBe("--machines kubernetes --namespace machines");
  });
});

describe("what a data folder was served with", () => {
  const path = mkdtempSync(join(tmpdir(), "nullspace-setups-"));
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  it("is each setup once, the latest last, and nothing where the note cannot be read", () => {
    expect(readSetups({ path })).toEqual([]);
    for (const setup of [ENGINE, CLUSTER, CLUSTER, ENGINE]) noteSetup({ path }, setup);
    expect(readSetups({ path })).toEqual([CLUSTER, ENGINE]);
    writeFileSync(setupsPath({ path }), '[{"builder":"engi');
    expect(readSetups({ path })).toEqual([]);
    noteSetup({ path }, BUILDERS);
    expect(readSetups({ path })).toEqual([BUILDERS]);
  });
});
