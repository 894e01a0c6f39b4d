import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { LonelyService } from "../unit/service/lonely-service.ts";
import { nativeFigures } from "../unit/service/native/native-figures.ts";

const FOLDER = fileURLToPath(new URL("../../deploy/prometheus/", import.meta.url));

/** Prometheus' own tool. */
function promtool(args: string[], input = "") {
  const program = process.env.NULLSPACE_PROMTOOL;
  if (!program) throw new Error("NULLSPACE_PROMTOOL is not set: start the tests with `npm test`");
  return spawnSync(program, args, { cwd: FOLDER, input, encoding: "utf8" });
}

describe("the alerts", () => {
  it("are rules to Prometheus, and come when they should and not otherwise", () => {
    for (const args of [
      ["check", "rules", "alerts.yaml"],
      ["test", "rules", "alerts.test.yaml"],
    ]) {
      const { status, stdout, stderr } = promtool(args);
      expect([args, status, status === 0 ? "" : stdout + stderr]).toEqual([args, 0, ""]);
    }
  });

  it("have each a case in which they come", () => {
    const { groups } = read("alerts.yaml") as { groups: { rules: { alert: string }[] }[] };
    const { tests } = read("alerts.test.yaml") as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const cases = tests.flatMap(({ alert_rule_test: all }) => all);
    const names = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    const comes = (name: string) => cases.some((each) => each.alertname === name && each.exp_alerts.length > 0);
    expect(names.filter((name) => !comes(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(5);
  });
});

it("what a service tells of itself is text that Prometheus reads, named as it wants it", async () => {
  await using service = await LonelyService.start();
  const { text } = await service.raw("GET", "/metrics");
  const { status, stdout, stderr } = promtool(["check", "metrics"], text);
  // Names of Node's own figures are not ours.
  const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.startsWith("nullspace_"));
  expect(ours).toEqual([]);
  expect(text).toContain("nullspace_ready{");
  expect([0, 3]).toContain(status);
});

it("and so is what it tells of pools for other programs", async () => {
  const text = await nativeFigures('a "name"\\ of\na pool');
  const { status, stdout, stderr } = promtool(["check", "metrics"], text);
  expect([status, `${stdout}${stderr}`]).toEqual([0, ""]);
  expect(text).toContain("nullspace_native_pool_failures_total{");
});

function read(name: string): unknown {
  return parse(readFileSync(`${FOLDER}${name}`, "utf8"));
}
