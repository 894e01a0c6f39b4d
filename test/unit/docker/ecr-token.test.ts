import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { inspect, promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { type CloudRegistryAuth, resolveCloudAuth } from "../../../sdk/docker/auth/cloud-credentials.ts";

// The AWS SDK's own client, which is an optional dependency, against a server in place of ECR.
const KEYS = {
  kind: "aws_ecr",
  access_key_id: "AKIDEXAMPLE",
  secret_access_key: "the-secret-key",
  region: "eu-central-1",
} as const satisfies CloudRegistryAuth;

interface Asked {
  headers: IncomingHttpHeaders;
  body: string;
}

const open: (() => void)[] = [];
const { AWS_ENDPOINT_URL_ECR } = process.env;
afterEach(() => {
  for (const close of open.splice(0)) close();
  if (AWS_ENDPOINT_URL_ECR === undefined) delete process.env.AWS_ENDPOINT_URL_ECR;
  else process.env.AWS_ENDPOINT_URL_ECR = AWS_ENDPOINT_URL_ECR;
});

/** A server that the AWS SDK takes for ECR. @returns what it was asked */
async function ecr(answer: (response: ServerResponse) => void): Promise<Asked[]> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push({ headers: request.headers, body });
      response.setHeader("content-type", "application/x-amz-json-1.1");
      answer(response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  process.env.AWS_ENDPOINT_URL_ECR = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return asked;
}

const token = (response: ServerResponse) => {
  const authorizationToken = Buffer.from("AWS:a-password").toString("base64");
  response.end(JSON.stringify({ authorizationData: [{ authorizationToken, expiresAt: 1e9, proxyEndpoint: "x" }] }));
};

describe("the AWS SDK's client for ECR", { timeout: 60_000 }, () => {
  it("is asked for a token with the keys and the region given, and it is the user and the password", async () => {
    const asked = await ecr(token);
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
    await ecr((response) => {
      response.statusCode = 400;
      response.end(
        JSON.stringify({ __type: "UnrecognizedClientException", message: "The security token is invalid." }),
      );
    });
    const error = await resolveCloudAuth({ ...KEYS, session_token: "the-session" }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "registry_credentials",
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
