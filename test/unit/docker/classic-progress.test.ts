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

  it("has output of a command where a line looks like one of the builder, as long as the command runs", () => {
    const words = [
      "Successfully built abcd",
      "Successfully tagged team/app:1",
      " ---> Using cache",
      " ---> Running in 0123456789ab",
      "Removing intermediate container 0123456789ab",
      " ---> Removed intermediate container 0123456789ab",
      "Step 3/3 : RUN z",
      "[Warning] the disk is nearly full",
    ];
    const output = ["step-2 started", ...words.map((word) => `step-2 | ${word}`), "step-2 completed"];
    const begin = ["Step 2/3 : RUN y", "\n", " ---> Running in abcdef012345\n", `${words.join("\n")}\n`];
    const rest = ["Step 3/3 : RUN z", "\n", " ---> Using cache\n", " ---> ba9876543210\n", "Successfully built ba98\n"];
    for (const end of [
      ["Removing intermediate container abcdef012345\n", " ---> 0123456789ab\n"],
      [" ---> Removed intermediate container abcdef012345\n", " ---> 0123456789ab\n"],
      // Docker 1.12, and a build that keeps its containers.
      [" ---> 0123456789ab\n", "Removing intermediate container abcdef012345\n"],
      [" ---> 0123456789ab\n"],
    ]) {
      const first = ["Step 1/3 : FROM x", "\n", " ---> 0123456789ab\n"];
      const steps = read(...first, ...begin, ...end, ...rest);
      expect(steps).toEqual(["step-1 started", "step-1 completed", ...output, "step-3 started", "step-3 cached"]);
    }
  });

  it("has the end of a command that does not end its last line", () => {
    const first = ["Step 1/2 : RUN x", "\n", " ---> Running in abcdef012345\n", "out", "\u001b[91merr\u001b[0m"];
    const rest = ["Step 2/2 : RUN y", "\n", " ---> ba9876543210\n"];
    for (const end of [[], ["Removing intermediate container abcdef012345\n"]])
      expect(read(...first, ...end, " ---> 0123456789ab\n", ...rest)).toEqual([
        "step-1 started",
        "step-1 | out",
        "step-1 | err",
        "step-1 completed",
        "step-2 started",
        "step-2 completed",
      ]);
  });

  it("has the builder's own words at its end, and those of a command before it has told of a container", () => {
    expect(read("Step 1/1 : RUN x\n", "Successfully built abcd\n", " ---> 0123456789ab\n")).toEqual([
      "step-1 started",
      "step-1 | Successfully built abcd",
      "step-1 completed",
    ]);
    expect(read("Step 1/1 : FROM x\n", " ---> 0123456789ab\n", "Successfully built 0123456789ab\n")).toEqual([
      "step-1 started",
      "step-1 completed",
    ]);
  });

  it("has no word of the containers that are removed when a step fails", () => {
    const progress = new ClassicProgress();
    const steps = ["Step 1/2 : RUN x\n", " ---> Running in aaaaaaaaaaaa\n", " ---> 0123456789ab\n"];
    const failing = ["Step 2/2 : RUN y\n", " ---> Running in bbbbbbbbbbbb\n", "out\n"];
    const removed = ["aaaaaaaaaaaa", "bbbbbbbbbbbb"].map((id) => `Removing intermediate container ${id}\n`);
    const all = [...steps, ...failing, ...removed].flatMap((stream) => [...progress.decode({ stream })]);
    all.push(...progress.decode({ error: "it failed" }));
    expect(all.flatMap((one) => (one.kind === "log" ? [one.text] : []))).toEqual(["out"]);
    expect(all.at(-1)).toMatchObject({ kind: "step", step: { id: "step-2", state: "failed", error: "it failed" } });
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
