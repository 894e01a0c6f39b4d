import { execFile } from "node:child_process";
import dns from "node:dns";
import { inspect, promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type CloudRegistryAuth, resolveCloudAuth } from "../../../sdk/docker/auth/cloud-credentials.ts";
import { closeEcrServers, ecr, givePassword, refuseKeys } from "./ecr-server.ts";

// The AWS SDK's own client, which is an optional dependency, against a server in place of ECR.
const KEYS = {
  kind: "aws_ecr",
  access_key_id: "AKIDEXAMPLE",
  secret_access_key: "the-secret-key",
  region: "eu-central-1",
} as const satisfies CloudRegistryAuth;

afterEach(closeEcrServers);

describe("the AWS SDK's client for ECR", { timeout: 60_000 }, () => {
  it("is asked for a token with the keys and the region given, and it is the user and the password", async () => {
    const asked = await ecr((response) => givePassword(response, "a-password"));
    expect(await resolveCloudAuth(KEYS)).toEqual({ username: "AWS", password: "a-password" });
    expect(await resolveCloudAuth({ ...KEYS, session_token: "the-session" })).toMatchObject({ username: "AWS" });
    expect(asked.map(({ headers }) => headers["x-amz-target"])).toEqual(
      Array(2).fill("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"),
    );
    expect(asked[0]!.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/ecr\/aws4_request, /,
    );
    expect(asked.map(({ headers }) => headers["x-amz-security-token"])).toEqual([undefined, "the-session"]);
    expect(JSON.stringify(asked)).not.toContain("the-secret-key");
  });

  it("tells a refusal in ECR's words, without a key", async () => {
    await ecr(refuseKeys);
    const error = await resolveCloudAuth({ ...KEYS, session_token: "the-session" }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "registry_credentials",
      retryable: false,
      message: expect.stringMatching(
        /^ECR of eu-central-1 gave no authorization token \(UnrecognizedClientException: .*ecr:GetAuthorizationToken/,
      ) as string,
    });
    expect(inspect(error, { showHidden: true, depth: 20 })).not.toMatch(/the-secret-key|the-session/);
  });

  it("is given up when the signal aborts", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    await ecr(() => controller.abort(reason));
    await expect(resolveCloudAuth(KEYS, controller.signal)).rejects.toBe(reason);
  });

  it("is asked at the address of the region's partition, and may be asked again where nobody answers there", async () => {
    const asked: string[] = [];
    const nowhere = (name: string, ...rest: unknown[]): void => {
      asked.push(name);
      const done = rest.at(-1) as (error: Error) => void;
      done(Object.assign(new Error(`no such host: ${name}`), { code: "ENOTFOUND" }));
    };
    const lookup = vi.spyOn(dns, "lookup").mockImplementation(nowhere as typeof dns.lookup);
    try {
      for (const region of ["eu-west-1", "cn-north-1"]) {
        await expect(resolveCloudAuth({ ...KEYS, region })).rejects.toMatchObject({
          code: "registry_credentials",
          retryable: true,
        });
      }
    } finally {
      lookup.mockRestore();
    }
    expect([...new Set(asked)]).toEqual(["api.ecr.eu-west-1.amazonaws.com", "api.ecr.cn-north-1.amazonaws.com.cn"]);
  });

  it("is asked for where it is not installed", async () => {
    const source = new URL("../../../sdk/docker/auth/cloud-credentials.ts", import.meta.url).href;
    const program = `
      import { registerHooks } from "node:module";
      registerHooks({
        resolve(name, context, next) {
          if (name.startsWith("@aws-sdk/")) throw Object.assign(new Error("not there"), { code: "ERR_MODULE_NOT_FOUND" });
          return next(name, context);
        },
      });
      const { resolveCloudAuth } = await import(${JSON.stringify(source)});
      await resolveCloudAuth(${JSON.stringify(KEYS)}).catch(({ code, message }) => console.log(code, message));
    `;
    const args = ["--conditions=nullspace-source", "--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toBe(
      "registry_credentials Credentials for ECR need the AWS SDK's client: npm install @aws-sdk/client-ecr.\n",
    );
  });
});
