import { describe, expect, it } from "vitest";
import * as z from "zod";
import { TemplateInputs } from "../../../provider/core/template/inputs.ts";
import { isSecretSchema, secretsIn } from "../../../sdk/secrets/index.ts";
import { CreateTemplateRequest, RetryRequest } from "../../../sdk/wire/index.ts";

const found = (schema: z.ZodType, value: unknown) =>
  [...secretsIn(schema, value)].map(({ path, value: text }) => `${path.join(".")}=${text}`);

describe("the secrets of a value", () => {
  const secret = () => z.string().meta({ secret: true });

  it("are what the schema says, through every kind of wrapper", () => {
    const schema = z.object({
      plain: z.string(),
      direct: secret(),
      optional: secret().optional(),
      fallback: secret().default("x"),
      nullable: secret().nullable(),
      list: z.array(z.object({ one: secret(), two: z.string() })),
      map: z.record(z.string(), secret()),
      either: z.union([z.object({ a: secret() }), z.object({ b: z.string() })]),
      kinds: z.discriminatedUnion("kind", [z.object({ kind: z.literal("x"), key: secret() })]),
      pair: z.tuple([z.string(), secret()]),
      piped: secret().pipe(z.string()),
      lazy: z.lazy(() => secret()),
      whole: z.object({ deep: z.array(z.string()) }).meta({ secret: true }),
    });
    expect(
      found(schema, {
        plain: "0",
        direct: "1",
        optional: "2",
        fallback: "3",
        nullable: null,
        list: [{ one: "4", two: "0" }],
        map: { k: "5" },
        either: { a: "6", b: "0" },
        kinds: { kind: "x", key: "7" },
        pair: ["0", "8"],
        piped: "9",
        lazy: "10",
        whole: { deep: ["11"] },
        unknown: "0",
      }),
    ).toEqual([
      "direct=1",
      "optional=2",
      "fallback=3",
      "list.0.one=4",
      "map.k=5",
      "either.a=6",
      "kinds.key=7",
      "pair.1=8",
      "piped=9",
      "lazy=10",
      "whole.deep.0=11",
    ]);
    expect(isSecretSchema(secret().optional())).toBe(true);
    expect(isSecretSchema(z.string())).toBe(false);
  });

  it("need no value that fits the schema", () => {
    for (const value of [undefined, null, 5, "text", [], { direct: 5 }, { list: "no list" }]) {
      expect(found(z.object({ direct: secret(), list: z.array(secret()) }), value)).toEqual([]);
    }
  });

  it("of a build request are those of the contract, and nothing else", () => {
    const auths = {
      base_image_auth: { kind: "basic", username: "u", password: "p1" },
      registry_auth: [
        {
          registry: "r",
          auth: { kind: "aws_ecr", access_key_id: "id", secret_access_key: "p2", region: "eu", session_token: "p3" },
        },
        {
          registry: "g",
          auth: { kind: "gcp_artifact_registry", service_account_json: { project_id: "x", private_key: "p4" } },
        },
        { registry: "h", auth: { kind: "gcp_artifact_registry", service_account_json: "p5" } },
      ],
      build_secrets: [{ id: "s", value: "p6", source: "value" }],
    };
    const values = (schema: z.ZodType) =>
      [...secretsIn(schema, { name: "n", dockerfile: "d", ...auths })].map((one) => one.value);
    expect(values(CreateTemplateRequest).sort()).toEqual(["p1", "p2", "p3", "p4", "p5", "p6"]);
    expect(values(RetryRequest).sort()).toEqual(["p1", "p2", "p3", "p4", "p5", "p6"]);
  });

  it("of a Template are its build secrets and registry credentials", () => {
    const inputs = {
      name: "web",
      buildSecrets: { a: "s1" },
      registryAuth: [{ registry: "r", auth: { kind: "basic", username: "u", password: "s2" } }],
    };
    expect([...secretsIn(TemplateInputs, inputs)].map(({ value }) => value)).toEqual(["s1", "s2"]);
  });
});
