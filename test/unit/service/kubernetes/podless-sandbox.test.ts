import { expect, it } from "vitest";
import { guestPod } from "../../../../service/drivers/kubernetes/guest-pod.ts";
import {
  START_PATIENCE,
  StartVerdict,
  type StartPatience,
} from "../../../../service/drivers/kubernetes/start-verdict.ts";
import { classifyFailure } from "../../../../service/fleet/guests/start-failure.ts";

const ARTIFACT = { templateId: "tmpl_one", imageId: "registry.test/one@sha256:1", env: {} };

/** What is said of a start whose Sandbox has no pod. */
function judge(conditions: object[], patience: Partial<StartPatience>, spec: object = {}) {
  const sandbox = {
    metadata: { name: "s", uid: "1", resourceVersion: "1" },
    spec: { operatingMode: "Running", ...spec },
    status: { conditions: conditions as { type: string; status: string }[] },
  };
  const verdict = new StartVerdict(ARTIFACT, { ...START_PATIENCE, ...patience }).judge(guestPod(sandbox, undefined));
  return verdict instanceof Error ? { ...classifyFailure(verdict), error: verdict } : verdict;
}

const failed = (message: string) => [{ type: "Ready", status: "False", reason: "ReconcilerError", message }];

it("waits for the pod of a Sandbox, and then says what makes none", () => {
  expect(judge([], {})).toBeUndefined();
  expect(judge([], { podMs: 0 })).toMatchObject({ reason: "controller_disabled", error: { mayPass: true } });
  expect(judge([], { podMs: 0 }, { operatingMode: "Suspended" })).toMatchObject({
    reason: "no_eligible_hosts",
    message: expect.stringContaining("suspended"),
  });
});

it("tells what the controller says of a pod that it cannot make, a quota and what is impossible at once", () => {
  expect(judge(failed('pods "s" is forbidden: exceeded quota: few'), {})).toMatchObject({ reason: "quota_exceeded" });
  expect(judge(failed('Pod "s" is invalid: spec.containers[0].image'), {})).toMatchObject({
    error: { isImpossible: true },
  });
  const refusal = failed('pods "s" is forbidden: violates PodSecurity "restricted"');
  expect(judge(refusal, {})).toBeUndefined();
  expect(judge(refusal, { pullMs: 0 })).toMatchObject({
    reason: "no_eligible_hosts",
    message: expect.stringContaining("violates PodSecurity"),
    error: { mayPass: true, isImpossible: false },
  });
});
