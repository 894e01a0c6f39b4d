import { describe, expect, it } from "vitest";
import { ClassicProgress } from "../../../sdk/docker/build/classic-progress.ts";

/** Steps (`id state`) and log lines (`id | text`) of a stream of text records, in order. */
function read(...records: string[]): string[] {
  const progress = new ClassicProgress();
  const all = [...records.flatMap((stream) => [...progress.decode({ stream })]), ...progress.flush()];
  return all.flatMap((one) => {
    if (one.kind === "step") return [`${one.step.id} ${one.step.state}`];
    if (one.kind === "warning") return [`${one.stepId} warns: ${one.text}`];
    return one.kind === "log" ? [`${one.stepId} | ${one.text}`] : [];
  });
}

describe("the classic builder's text", () => {
  it("has a step where the next one is due, and output of a command where a line only looks like one", () => {
    const first = ["Step 1/2 : FROM x\n", " ---> 0123456789ab\n", "Step 2/2 : RUN y\n"];
    const output = ["Step 1/2 : FROM x\nStep 2/2 : RUN y\nSTEP 9: z\n"];
    expect(read(...first, ...output, " ---> ba9876543210\n")).toEqual([
      "step-1 started",
      "step-1 completed",
      "step-2 started",
      "step-2 | Step 1/2 : FROM x",
      "step-2 | Step 2/2 : RUN y",
      "step-2 | STEP 9: z",
      "step-2 completed",
    ]);
  });

  it("warns of the machine and of the build apart from what commands write", () => {
    const warning = "IPv4 forwarding is disabled. Networking will not work.";
    const unused = "One or more build-args [A] were not consumed";
    const records = ["Step 1/1 : RUN x\n", ` ---> [Warning] ${warning}\n`, " ---> Running in 0123456789ab\n", "out\n"];
    expect(read(...records, " ---> ba9876543210\n", `[Warning] ${unused}\n`)).toEqual([
      "step-1 started",
      `step-1 warns: ${warning}`,
      "step-1 | out",
      "step-1 completed",
      `step-1 warns: ${unused}`,
    ]);
  });

  it("takes for Buildah's own words those that Buildah says, and for output those that a Docker build writes", () => {
    const id = "ab".repeat(32);
    expect(read("STEP 1/1: FROM x\n", "COMMIT team/app:1\n", `--> ${id.slice(0, 11)}\n`, `${id}\n`)).toEqual([
      "step-1 started",
      "step-1 completed",
    ]);
    expect(read("Step 1/1 : RUN x\n", `COMMIT team/app:1\n${id}\n`)).toEqual([
      "step-1 started",
      "step-1 | COMMIT team/app:1",
      `step-1 | ${id}`,
      "step-1 completed",
    ]);
  });
});
