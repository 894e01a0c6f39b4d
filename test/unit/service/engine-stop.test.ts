import { expect, it } from "vitest";
import { ImageBuildError } from "../../../sdk/docker/index.ts";
import { mayBeEngineStop } from "../../../service/builders/engine/engine-failure.ts";

const failed = (message: string, exitCode: number | undefined, ...logTail: string[]) =>
  new ImageBuildError(message, { step: "[2/2] RUN make", dockerfileLine: 2, exitCode, logTail });

const NOT_STARTED =
  'runc run failed: unable to start container process: exec: "/bin/sh": stat /bin/sh: no such file or directory';

// Words that engines of 20.10 and of today said while they were being stopped.
it.each([
  ["its command was killed", failed("executor failed running [/bin/sh -c make]: exit code: 137", 137)],
  ["its command was ended", failed("process did not complete successfully: exit code: 143", 143)],
  ["it was cancelled", failed("context canceled", undefined)],
  [
    "the engine's parts lost each other",
    failed("rpc error: code = Unavailable desc = transport is closing", undefined),
  ],
  ["its files had gone before its command started", failed("executor failed running: exit code: 1", 1, NOT_STARTED)],
  ["the same, in the builder's words", failed(`process did not complete: ${NOT_STARTED}`, 1)],
])("a build may have failed because its engine stops: %s", (_, error) => {
  expect(mayBeEngineStop(error)).toBe(true);
});

it.each([
  [
    "its command ended with 1",
    failed("executor failed running [/bin/sh -c make]: exit code: 1", 1, "make: *** No rule"),
  ],
  ["a file is not there", failed('"/app": not found', undefined)],
  ["it is no build's error", new Error("context canceled")],
])("a build failed by itself: %s", (_, error) => {
  expect(mayBeEngineStop(error)).toBe(false);
});
