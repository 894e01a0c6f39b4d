import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { networkFinding } from "../../../service/bin/doctor/network-finding.ts";
import { noteNetworkProof, readNetworkProof, type NetworkProof } from "../../../service/network-proof.ts";

const PLACE = { server: "https://one.test", namespace: "machines", isManaged: true };
const PROOF: NetworkProof = {
  server: PLACE.server,
  namespace: "machines",
  state: "enforced",
  at: "2026-01-02T03:04:05Z",
};

test("what a service noted of its network is read by another process; what cannot be read is nothing", () => {
  const path = mkdtempSync(join(tmpdir(), "nullspace-proof-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  expect(readNetworkProof({ path })).toBeUndefined();
  noteNetworkProof({ path }, PROOF);
  const later: NetworkProof = { ...PROOF, state: "unenforced", reason: "nobody does" };
  noteNetworkProof({ path }, later);
  expect(readNetworkProof({ path })).toEqual(later);
  writeFileSync(join(path, "network-proof.json"), "{");
  expect(readNetworkProof({ path })).toBeUndefined();
});

test.each([
  ["a proof", PROOF, {}, "ok", /^proved at 2026-01-02T03:04:05Z/],
  [
    "a network that enforces nothing",
    { ...PROOF, state: "unenforced", reason: "it does not" },
    {},
    "warn",
    /^not enforced.*it does not/,
  ],
  [
    "a try that came to nothing",
    { ...PROOF, state: "unproven", reason: "no image" },
    {},
    "warn",
    /^not proved.*no image/,
  ],
  ["no try", undefined, {}, "warn", /^not tried yet/],
  ["a proof of another cluster", PROOF, { server: "https://two.test" }, "warn", /^not tried yet/],
  ["a proof of another namespace", PROOF, { namespace: "others" }, "warn", /^not tried yet/],
  ["policies that are not the service's", PROOF, { isManaged: false }, "ok", /^not tried: .*--network-policy none/],
] as const)("doctor says of %s what it means", (_what, proof, more, status, words) => {
  const finding = networkFinding(proof, { ...PLACE, ...more });
  expect(finding).toMatchObject({ name: "network", status });
  expect(finding.message).toMatch(words);
  expect(finding.advice === undefined).toBe(status === "ok");
});
