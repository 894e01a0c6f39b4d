import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiError, Template } from "../../sdk/index.ts";
import { json, scriptedServer, type ScriptedServer } from "../unit/client/scripted-server.ts";
import { PythonClient } from "./python/python-client.ts";
import { ERROR_SCENARIOS } from "./scenarios/errors.ts";

/** Codes that the contract names and the published client's own list does not. */
const MORE_CODES = [
  ...["unauthenticated", "preview_grant_invalid", "preview_proxy_token_scope_mismatch", "volume_permission_denied"],
  ...["forbidden", "QUOTA_EXCEEDED", "storage_quota_reached", "upload_conflict", "snapshot_in_use", "rebuild_required"],
  ...["incompatible_snapshot", "template_resource_not_found", "warm_pool_unavailable", "invalid_fields", "unknown"],
  ...["exec_failed", "transition_recovery_required", "a_code_of_tomorrow"],
];

/** Exceptions that the local service raises in neither client, and why. */
const NOT_FROM_THE_LOCAL_SERVICE: Record<string, string> = {
  RateLimitError: "it limits no rate: it has one user, on the same machine; here from a server that does",
  QuotaExceededError: "its quota is a thousand live machines; a scenario fills its store to the brim",
  UploadChecksumError:
    "resumable uploads into machines and volumes are none of its calls; here from a server that has them",
  UploadConflictError: "the same",
  UploadExpiredError: "the same",
  UploadLimitError: "the same",
  UploadPathError: "the same",
  UploadStateError: "the same",
  BatchWriteError: "an answer of a machine's file calls, which it does not have",
  GitError: "raised for a git command that failed in a machine, by the client alone",
  NotImplementedError: "raised for machines from snapshots, which our client does not ask for",
  FunctionConfigError: "local: about a function project's file",
  FunctionDefinitionError: "local: about a function's definition",
};

interface Seen {
  code: string;
  classes: string[];
  kept: unknown[];
}

let server: ScriptedServer;
let python: PythonClient;
let home: string;
let codes: string[];
let reasons: string[];
let theirs: Record<string, Seen>;

beforeAll(async () => {
  // The last part of the path says what to answer: a code, or `file_upload_error`, a comma and a reason.
  server = await scriptedServer((request, response) => {
    const [code, reason] = decodeURIComponent(request.url.split("/").at(-1)!).split(",") as [string, string?];
    const detail = reason && { reason, message: "m", retryable: true, upload_id: "up_1", path: "/p" };
    json(
      response,
      code === "rate_limit_exceeded" ? 429 : 400,
      {
        error: "said so",
        code,
        request_id: "req_1",
        retryable: true,
        suggested_action: "wait",
        ...(detail && { error_detail: detail }),
      },
      { "retry-after": "0" },
    );
  });
  home = mkdtempSync(join(tmpdir(), "error-classes-"));
  python = new PythonClient({ url: server.url, apiKey: "ns_live_some", home });
  const seen = await python.run(`
from nullspace._generated_api.nullspace_openapi_client.models.error_response_code import ErrorResponseCode
from nullspace.types import UploadFailureReason
codes = [code.value for code in ErrorResponseCode] + json.loads('${JSON.stringify(MORE_CODES)}')
reasons = ["file_upload_error," + reason.value for reason in UploadFailureReason]
def ask(code):
    try:
        Template.get(code)
    except MachineError as error:
        return {"code": error.code, "classes": [one.__name__ for one in type(error).__mro__],
                "kept": [error.request_id, error.retryable, error.suggested_action, getattr(error, "retry_after", None)]}
answer = {"codes": codes, "reasons": reasons, "seen": {code: ask(code) for code in codes + reasons}}`);
  ({ codes, reasons, seen: theirs } = seen as { codes: string[]; reasons: string[]; seen: Record<string, Seen> });
});

afterAll(async () => {
  await python[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

describe("for a code of the contract our client raises the class that the published one raises", () => {
  it("with the same code and the facts of the answer", async () => {
    expect(codes.length).toBeGreaterThan(80);
    const client = server.client();
    for (const code of codes) {
      const error: unknown = await Template.get(code, { client }).catch((caught: unknown) => caught);
      const { classes, code: theirCode, kept } = theirs[code]!;
      expect(error).toBeInstanceOf(ApiError);
      const { name, code: ownCode, requestId, retryable, suggestedAction } = error as ApiError;
      expect([code, name === "ApiError" ? "MachineError" : name, ownCode]).toEqual([code, classes[0], theirCode]);
      expect([requestId, retryable, suggestedAction]).toEqual(["req_1", true, "wait"]);
      if (name === "RateLimitError") expect([(error as ApiError).retryAfterMs, kept[3]]).toEqual([0, 0]);
    }
  });

  it("and for a refused upload the class of its reason, which is among the details", async () => {
    expect(reasons.length).toBeGreaterThan(10);
    const client = server.client();
    for (const asked of reasons) {
      const error: unknown = await Template.get(asked, { client }).catch((caught: unknown) => caught);
      expect([asked, (error as ApiError).name]).toEqual([asked, theirs[asked]!.classes[0]]);
      expect(error).toMatchObject({
        code: "file_upload_error",
        details: { reason: asked.split(",")[1], upload_id: "up_1", path: "/p" },
      });
    }
  });
});

describe("the exceptions that the published client exports", () => {
  it("are each raised by a scenario, or have a reason why none can", async () => {
    const exported: string[] = await python.run(
      "answer = [name for name in nullspace.__all__ if isinstance(one := getattr(nullspace, name), type) and issubclass(one, BaseException)]",
    );
    const raised = ERROR_SCENARIOS.flatMap(({ outcome }) => Object.values(outcome as Record<string, string>));
    const classes = new Set(raised.map((text) => text.split(" ")[0]!));
    expect([...new Set([...classes, ...Object.keys(NOT_FROM_THE_LOCAL_SERVICE)])].sort()).toEqual(exported.sort());
    const fromTheServer = new Set(Object.values(theirs).map((seen) => seen.classes[0]));
    for (const [name, why] of Object.entries(NOT_FROM_THE_LOCAL_SERVICE)) {
      if (why.includes("here from") || why === "the same") expect(fromTheServer).toContain(name);
    }
  });
});
