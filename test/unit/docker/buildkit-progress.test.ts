import { describe, expect, it } from "vitest";
import { BuildKitProgress } from "../../../sdk/docker/build/buildkit-progress.ts";
import type { StatusResponse, Vertex } from "../../../sdk/docker/protos/generated/control.ts";

const at = new Date(1000);
const vertex = (facts: Partial<Vertex>): StatusResponse => ({
  vertexes: [
    {
      digest: "sha256:1",
      inputs: [],
      name: "[2/2] RUN x",
      cached: false,
      started: undefined,
      completed: undefined,
      error: "",
      ...facts,
    },
  ],
  statuses: [],
  logs: [],
  warnings: [],
});

function statesOf(...traces: StatusResponse[]): string[] {
  const progress = new BuildKitProgress();
  return traces.flatMap((trace) =>
    [...progress.trace(trace)].flatMap((one) => (one.kind === "step" ? one.step.state : [])),
  );
}

describe("the state of a step", () => {
  it("is told once for each change", () => {
    const running = vertex({ started: at });
    expect(statesOf(vertex({}), running, running, vertex({ started: at, completed: at }))).toEqual([
      "pending",
      "started",
      "completed",
    ]);
  });

  // As an engine of today reports a layer that a registry has cached, when it unpacks it.
  it("stays cached when its layers are fetched later, unless that fails", () => {
    const cached = vertex({ cached: true, started: at, completed: at });
    expect(statesOf(cached, vertex({ started: at }), vertex({ started: at, completed: at }))).toEqual(["cached"]);
    const failed = vertex({ started: at, completed: at, error: "no such blob" });
    expect(statesOf(cached, vertex({ started: at }), failed)).toEqual(["cached", "failed"]);
  });
});
