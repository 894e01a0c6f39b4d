import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { resolveCloudAuth } from "../../../sdk/docker/auth/cloud-credentials.ts";
import type { RegistryAuth } from "../../../sdk/docker/auth/registry-credentials.ts";
import { BaseImageAuth } from "../../../sdk/wire/registry-auth.ts";

const AWS = { kind: "aws_ecr", access_key_id: "AKIA", secret_access_key: "sesame", region: "eu-west-1" } as const;

describe("credentials of a cloud", () => {
  it("of Artifact Registry are the service account's key, as a password", async () => {
    const key = { type: "service_account", private_key: "x" };
    const parsed = (found: RegistryAuth): unknown =>
      "password" in found && { username: found.username, key: JSON.parse(found.password) };
    const expected = { username: "_json_key", key };
    const auth = (service_account_json: object | string) =>
      BaseImageAuth.parse({ kind: "gcp_artifact_registry", service_account_json });
    expect(parsed(await resolveCloudAuth(auth(key)))).toEqual(expected);
    expect(parsed(await resolveCloudAuth(auth(JSON.stringify(key))))).toEqual(expected);
  });

  it("of ECR are the token that it gives, taken apart", async () => {
    const token = Buffer.from("AWS:a:b").toString("base64");
    expect(await resolveCloudAuth(AWS, undefined, async () => token)).toEqual({ username: "AWS", password: "a:b" });
  });

  it("of ECR fail without a token, and name no secret", async () => {
    const noToken = await resolveCloudAuth(AWS, undefined, async () => undefined).catch((cause: unknown) => cause);
    expect(noToken).toMatchObject({
      code: "registry_credentials",
      message: expect.stringContaining("eu-west-1") as string,
    });
    expect(inspect(noToken)).not.toContain("sesame");
  });

  it("of ECR that it refuses are an error in its words, without the request and its headers", async () => {
    const refusal = Object.assign(new Error("The security token is invalid."), { name: "UnrecognizedClientException" });
    Object.defineProperty(refusal, "$response", { value: { headers: { "x-amz-security-token": "sesame" } } });
    const error = await resolveCloudAuth(AWS, undefined, () => Promise.reject(refusal)).catch(
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({
      code: "registry_credentials",
      message: expect.stringContaining("UnrecognizedClientException: The security token is invalid.") as string,
    });
    expect(inspect(error, { showHidden: true, depth: 20 })).not.toContain("sesame");
  });

  it("of ECR end with the signal's reason when that aborts", async () => {
    const controller = new AbortController();
    const waiting = resolveCloudAuth(AWS, controller.signal, (_keys, signal) => {
      controller.abort(new Error("enough"));
      return Promise.reject(signal!.reason as Error);
    });
    await expect(waiting).rejects.toThrow("enough");
  });

  it("in plain are what they are", async () => {
    expect(await resolveCloudAuth({ kind: "basic", username: "u", password: "p" })).toEqual({
      username: "u",
      password: "p",
    });
  });
});
