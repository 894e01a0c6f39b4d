import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { registryAuths } from "../../../service/builders/registry-credentials.ts";
import { BuildCredentials } from "../../../service/builds/credentials.ts";
import { canonicalJson } from "../../../service/canonical-json.ts";
import { newId } from "../../../service/ids.ts";
import { inspect } from "node:util";
import { closeEcrServers, ecr, givePassword, refuseKeys } from "../docker/ecr-server.ts";

describe("credentials of a build", () => {
  it("do not show in logs, in JSON or when inspected", () => {
    const credentials = new BuildCredentials({
      base_image_auth: { kind: "basic", username: "u", password: "pass-word" },
      build_secrets: [{ id: "s", value: "se-cret" }],
    });
    for (const text of [inspect(credentials), JSON.stringify({ credentials }), String(Object.entries(credentials))]) {
      expect(text).not.toMatch(/pass-word|se-cret/);
    }
    expect(credentials.sensitiveTexts.sort()).toEqual(["pass-word", "se-cret"]);
  });
});

describe("the keys of an AWS account", { timeout: 60_000 }, () => {
  afterEach(closeEcrServers);
  const key = {
    kind: "aws_ecr",
    access_key_id: "AKIDEXAMPLE",
    secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region: "cn-north-1",
    session_token: "the-session-token",
  } as const;
  const registry = "1234.dkr.ecr.cn-north-1.amazonaws.com.cn";
  const auths = (credentials: BuildCredentials) =>
    registryAuths(credentials, `${registry}/a:b`, new AbortController().signal);

  it("become the registry's password, for the registries that they were sent for, and it is a secret of the build", async () => {
    await ecr((response) => givePassword(response, "the:password"));
    const credentials = new BuildCredentials({
      base_image_auth: key,
      registry_auth: [{ registry: "other.example", auth: key }],
    });
    const login = { username: "AWS", password: "the:password" };
    expect(await auths(credentials)).toEqual({ [registry]: login, "other.example": login });
    expect(credentials.redactor.text("it is the:password")).toBe("it is [secret]");
  });

  it("that AWS refuses are a failure of the phase auth, without a secret in it", async () => {
    await ecr(refuseKeys);
    const refused = await auths(new BuildCredentials({ base_image_auth: key })).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "build_error",
      phase: "auth",
      reason: "registry_auth_failed",
      retryable: false,
      message: expect.stringContaining("UnrecognizedClientException") as string,
    });
    expect(inspect(refused, { showHidden: true, depth: 20 })).not.toMatch(/wJalr|the-session-token/);
  });

  it("that AWS could not look at are a failure that may pass", async () => {
    await ecr((response) => response.writeHead(503).end("{}"));
    await expect(auths(new BuildCredentials({ base_image_auth: key }))).rejects.toMatchObject({
      phase: "auth",
      retryable: true,
    });
  });
});

describe("canonical JSON", () => {
  it("is equal for equal values, whatever the order of their members, and reads back", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const shuffled = JSON.parse(JSON.stringify(value), (_key, member: unknown) =>
          member !== null && typeof member === "object" && !Array.isArray(member)
            ? Object.fromEntries(Object.entries(member).reverse())
            : member,
        ) as unknown;
        expect(canonicalJson(shuffled)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe("ids", () => {
  it("are unique, legal in image names, and sort by time", () => {
    const ids = Array.from({ length: 2000 }, () => newId("tmpl_"));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^tmpl_[0-9a-z]{26}$/);
    const times = ids.map((id) => id.slice(0, 15));
    expect(times).toEqual([...times].sort());
  });
});
