import { globSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { codecOf, type GeneratedMessage } from "../../../sdk/docker/grpc/grpc-method.ts";
import { BytesMessage } from "../../../sdk/docker/protos/generated/bytes-message.ts";
import { CredentialsRequest } from "../../../sdk/docker/protos/generated/auth.ts";

const folder = join(import.meta.dirname, "../../../sdk/docker/protos");

/** Another implementation of protobuf, which reads the .proto files by itself. */
const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
  target.startsWith("google/") || target.startsWith("/") ? target : join(folder, target);
root
  .loadSync(
    globSync("*.proto", { cwd: folder }).map((name) => join(folder, name)),
    { keepCase: true },
  )
  .resolveAll();

const codecs = new Map<string, GeneratedMessage<unknown>>();
for (const name of globSync("generated/*.ts", { cwd: folder })) {
  const module = (await import(pathToFileURL(join(folder, name)).href)) as Record<string, unknown>;
  for (const [exported, value] of Object.entries(module)) {
    if (typeof value === "object" && value !== null && "decode" in value) {
      codecs.set(`${module["protobufPackage"] as string}.${exported}`, value as GeneratedMessage<unknown>);
    }
  }
}

const types = messagesOf(root).filter(({ fullName }) => !fullName.startsWith(".google.protobuf."));

describe("the codec of a message", () => {
  it("exists for every message of the .proto files", () => {
    const names = types.map(({ fullName }) => fullName.slice(1));
    expect(names.length).toBeGreaterThan(30);
    expect([...codecs.keys()].filter((name) => !/_\w+Entry$/.test(name)).sort()).toEqual(names.sort());
  });

  it.each(types.map((type) => [type.name, type] as const))("reads and writes %s as protobufjs does", (_, type) => {
    const codec = codecOf(codecs.get(type.fullName.slice(1))!);
    fc.assert(
      fc.property(messageArbitrary(type), (message) => {
        const theirs = type.encode(type.fromObject(message)).finish();
        const ours = codec.encode(codec.decode(theirs));
        expect(plain(type, ours)).toEqual(plain(type, theirs));
      }),
      { numRuns: 50 },
    );
  });

  it("keeps every key of a map, whatever an object of JavaScript has under it", () => {
    const maps = types.flatMap((type) =>
      type.fieldsArray.filter((field) => field instanceof protobuf.MapField).map(({ name }) => ({ type, name })),
    );
    expect(maps.length).toBeGreaterThan(5);
    fc.assert(
      fc.property(
        fc.constantFrom(...maps),
        fc.dictionary(key, fc.string(), { minKeys: 1 }),
        ({ type, name }, given) => {
          type MessageWithMap = Record<string, ReadonlyMap<string, string>>;
          const codec = codecOf(codecs.get(type.fullName.slice(1)) as GeneratedMessage<MessageWithMap>);
          const message = codec.decode(type.encode({ [name]: given }).finish());
          const reread = type.decode(codec.encode(message)) as unknown as Record<string, Record<string, string>>;
          expect([...message[name]!].sort()).toEqual(Object.entries(given).sort());
          expect(Object.entries(reread[name]!).sort()).toEqual(Object.entries(given).sort());
        },
      ),
    );
  });

  it("leaves nothing of a message that cannot be written before the next one", () => {
    const broken = codecOf<{ Host: string }>({
      ...CredentialsRequest,
      encode: (message, writer) => {
        CredentialsRequest.encode(message, writer).uint32(18).fork();
        throw new Error("broken");
      },
    });
    expect(() => broken.encode({ Host: "registry" })).toThrow("broken");
    expect(Buffer.from(codecOf(BytesMessage).encode({ data: Buffer.from("x") }))).toEqual(Buffer.from([10, 1, 120]));
  });

  it("refuses bytes that end inside a message", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(), (data, at) => {
        const bytes = codecOf(BytesMessage).encode({ data });
        expect(() => codecOf(BytesMessage).decode(bytes.subarray(0, 1 + (at % (bytes.length - 1))))).toThrow();
      }),
    );
  });
});

/** Of a map: any text, those that every object has among them. */
const key = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("__proto__", "constructor", "hasOwnProperty", "toString", "valueOf", ""),
);

function plain(type: protobuf.Type, bytes: Uint8Array): unknown {
  return type.toObject(type.decode(bytes), { defaults: true, longs: String, bytes: String });
}

function messagesOf(space: protobuf.NamespaceBase): protobuf.Type[] {
  return space.nestedArray.flatMap((one) => [
    ...(one instanceof protobuf.Type ? [one] : []),
    ...(one instanceof protobuf.Namespace ? messagesOf(one) : []),
  ]);
}

function messageArbitrary(type: protobuf.Type): fc.Arbitrary<Record<string, unknown>> {
  const fields = type.fieldsArray.map((field) => {
    const one = valueArbitrary(field);
    if (field instanceof protobuf.MapField) return [field.name, fc.dictionary(key, one, { maxKeys: 3 })] as const;
    return [field.name, field.repeated ? fc.array(one, { maxLength: 3 }) : one] as const;
  });
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
}

function valueArbitrary(field: protobuf.Field): fc.Arbitrary<unknown> {
  if (field.resolvedType instanceof protobuf.Enum) return fc.constantFrom(...Object.values(field.resolvedType.values));
  if (field.resolvedType?.fullName === ".google.protobuf.Timestamp") {
    // A Date holds milliseconds.
    return fc.record({ seconds: fc.integer({ min: 0, max: 4e9 }), nanos: fc.nat(999).map((ms) => ms * 1e6) });
  }
  if (field.resolvedType instanceof protobuf.Type) return messageArbitrary(field.resolvedType);
  const found = SCALARS[field.type];
  if (found === undefined) throw new Error(`no values for ${field.type}`);
  return found;
}

const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: fc.string({ unit: "grapheme" }),
  bytes: fc.uint8Array(),
  bool: fc.boolean(),
  int32: fc.integer(),
  uint32: fc.nat(2 ** 32 - 1),
  int64: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String),
};
