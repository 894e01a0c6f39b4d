import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BuildCredentials } from "../../../service/builds/credentials.ts";
import { ecrEndpoint, fetchEcrPassword, signRequest } from "../../../service/builders/engine/ecr-token.ts";
import { canonicalJson } from "../../../service/canonical-json.ts";
import { newId } from "../../../service/ids.ts";
import { inspect } from "node:util";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

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

describe("a request to AWS", () => {
  // "get-vanilla" and "post-header-key-sort" with a token, of the Signature Version 4 test suite that AWS publishes.
  const key = {
    access_key_id: "AKIDEXAMPLE",
    secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    region: "us-east-1",
  };
  const now = new Date("2015-08-30T12:36:00Z");

  it("is signed as the test suite of AWS says", () => {
    const get = signRequest({
      key,
      service: "service",
      method: "GET",
      path: "/",
      headers: { host: "example.amazonaws.com" },
      body: "",
      now,
    });
    expect(get.authorization).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, " +
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    );
    const post = signRequest({
      key,
      service: "service",
      method: "POST",
      path: "/",
      headers: { host: "example.amazonaws.com", "my-header1": "value1" },
      body: "",
      now,
    });
    expect(post.authorization).toMatch(
      /SignedHeaders=host;my-header1;x-amz-date, Signature=c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c$/,
    );
  });

  it("gives the registry's password, or a failure of the phase auth without the key in it", async () => {
    let status = 200;
    const server = createServer((request, response) => {
      expect(request.headers["x-amz-target"]).toBe("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
      const token = Buffer.from("AWS:the:password").toString("base64");
      response
        .writeHead(status)
        .end(
          status === 200
            ? JSON.stringify({ authorizationData: [{ authorizationToken: token }] })
            : '{"__type":"UnrecognizedClientException"}',
        );
    }).listen(0, "127.0.0.1");
    const endpoint = await new Promise<string>((resolve) =>
      server.once("listening", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)),
    );
    const options = { signal: new AbortController().signal, endpoint };
    expect(await fetchEcrPassword(key, options)).toBe("the:password");
    // As the AWS SDK's endpoint rules have them: the partition aws-cn.
    expect(ecrEndpoint("eu-west-1")).toBe("https://api.ecr.eu-west-1.amazonaws.com/");
    expect(ecrEndpoint("cn-north-1")).toBe("https://api.ecr.cn-north-1.amazonaws.com.cn/");
    status = 400;
    const refused = await fetchEcrPassword(key, options).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "build_error", phase: "auth", reason: "registry_auth_failed" });
    expect(String(refused)).toContain("UnrecognizedClientException");
    expect(String(refused)).not.toContain(key.secret_access_key);
    await new Promise((resolve) => server.close(resolve));
    expect(await fetchEcrPassword(key, options).catch((error: unknown) => error)).toMatchObject({
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
