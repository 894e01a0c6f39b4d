import { describe, expect, it } from "vitest";
import * as z from "zod";
import { checkInputs, withDefaults } from "../../../provider/core/check-inputs.ts";
import { UNKNOWN } from "../../../provider/core/unknown.ts";
import { TemplateInputs } from "../../../provider/core/template/inputs.ts";

const schema = z.object({
  name: z.string().regex(/^[a-z]+$/, { error: "must be lower case" }),
  size: z.int().default(2),
  probe: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("tcp"), port: z.int().min(1) }),
      z.strictObject({ kind: z.literal("command"), command: z.string() }),
    ])
    .optional(),
  labels: z.record(z.string(), z.string()).optional(),
  password: z.string().min(20).optional().meta({ secret: true }),
});

describe("checkInputs", () => {
  it("fills in defaults and leaves out what is absent or null", () => {
    expect(checkInputs(schema, { name: "web", labels: null })).toEqual({
      inputs: { name: "web", size: 2 },
      failures: [],
    });
  });

  it("names the property and quotes the value that is wrong", () => {
    expect(checkInputs(schema, { name: "Not OK" }).failures).toEqual([
      { property: "name", reason: '"Not OK": must be lower case' },
    ]);
  });

  it("never quotes a secret", () => {
    const [failure] = checkInputs(schema, { name: "web", password: "hunter2" }).failures;
    expect(failure?.property).toBe("password");
    expect(failure?.reason).not.toContain("hunter2");
  });

  it("names the nearest input for an unknown one", () => {
    expect(checkInputs(schema, { name: "web", lables: {} }).failures).toEqual([
      { property: "lables", reason: 'there is no input "lables": did you mean "labels"?' },
    ]);
  });

  it("answers a name from before with the one of today", () => {
    const renamed = z.object({ vcpus: z.int().optional().meta({ formerName: "cpuCount" }) });
    expect(checkInputs(renamed, { cpuCount: 2 }).failures).toEqual([
      { property: "cpuCount", reason: 'there is no input "cpuCount": did you mean "vcpus"?' },
    ]);
  });

  it("lists the inputs when none is near", () => {
    expect(checkInputs(schema, { name: "web", zzzzzzzz: 1 }).failures).toEqual([
      {
        property: "zzzzzzzz",
        reason: 'there is no input "zzzzzzzz": the inputs are name, size, probe, labels, password',
      },
    ]);
  });

  it("lets the engine's own members pass", () => {
    expect(checkInputs(schema, { name: "web", __internal: {}, __provider: "text" }).failures).toEqual([]);
  });

  it("says that a missing input is required", () => {
    expect(checkInputs(schema, {}).failures).toEqual([{ property: "name", reason: "it is required" }]);
  });

  it("gives the path of a problem inside an input", () => {
    expect(checkInputs(schema, { name: "web", probe: { kind: "tcp", port: 0 } }).failures).toMatchObject([
      { property: "probe.port" },
    ]);
    expect(checkInputs(schema, { name: "web", probe: { kind: "tcp" } }).failures).toEqual([
      { property: "probe.port", reason: "it is required" },
    ]);
    expect(checkInputs(schema, { name: "web", labels: { "a b": 1 } }).failures).toMatchObject([
      { property: 'labels["a b"]' },
    ]);
  });

  it("says which kinds there are for a kind that there is not", () => {
    const [failure] = checkInputs(schema, { name: "web", probe: { kind: "tpc", port: 1 } }).failures;
    expect(failure).toEqual({ property: "probe.kind", reason: 'must be one of "tcp", "command"' });
  });

  it("names a member that an object does not have", () => {
    const [failure] = checkInputs(schema, { name: "web", probe: { kind: "tcp", port: 1, prot: 2 } }).failures;
    expect(failure).toEqual({ property: "probe", reason: 'there is no member "prot" here' });
  });

  it("lets unknown values through, and checks what is known beside them", () => {
    const labels = { a: UNKNOWN, b: "two" };
    expect(checkInputs(schema, { name: UNKNOWN, size: UNKNOWN, labels })).toEqual({
      inputs: { name: UNKNOWN, size: UNKNOWN, labels },
      failures: [],
    });
    expect(checkInputs(schema, { name: "web", labels: { a: UNKNOWN, b: 3 } }).failures).toMatchObject([
      { property: "labels.b" },
    ]);
    expect(checkInputs(schema, { name: "web", probe: { kind: UNKNOWN, port: 1 } }).failures).toEqual([]);
  });

  it("completes nested defaults of a template's readiness", () => {
    const { inputs, failures } = checkInputs(TemplateInputs, { name: "web", readiness: { kind: "http", port: 80 } });
    expect(failures).toEqual([]);
    expect(inputs.readiness).toEqual({
      kind: "http",
      port: 80,
      path: "/",
      timeoutSecs: 30,
      intervalMs: 500,
      startupGraceSecs: 2,
    });
  });
});

describe("withDefaults", () => {
  it("adds what a state of an older version does not have, and changes nothing else", () => {
    expect(withDefaults(schema, { name: "Not OK" })).toEqual({ name: "Not OK", size: 2 });
    expect(withDefaults(schema, { name: "web", size: 7 })).toEqual({ name: "web", size: 7 });
  });

  it("does so inside of an input, too, also when a part of it is unknown", () => {
    const readiness = { kind: "http", port: UNKNOWN };
    expect(withDefaults(TemplateInputs, { readiness }).readiness).toEqual({
      kind: "http",
      port: UNKNOWN,
      path: "/",
      timeoutSecs: 30,
      intervalMs: 500,
      startupGraceSecs: 2,
    });
    expect(withDefaults(TemplateInputs, { readiness: { kind: "of another version" } }).readiness).toEqual({
      kind: "of another version",
    });
  });
});
