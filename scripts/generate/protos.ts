import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Where the messages are said. */
const SOURCES = "sdk/docker/protos";
/** Where their codecs go. */
export const PROTO_CODECS = `${SOURCES}/generated`;

/**
 * How ts-proto writes: names as the .proto files spell them, 64-bit integers as bigint, enumerations and services as plain
 * objects (Node runs the sources, and erases types only), nothing that converts from or to JSON.
 */
const OPTIONS = [
  "esModuleInterop=true",
  "importSuffix=.ts",
  "snakeToCamel=false",
  "forceLong=bigint",
  "enumsAsLiterals=true",
  "unrecognizedEnum=false",
  "outputServices=generic-definitions",
  "outputJsonMethods=false",
  "outputPartialMethods=false",
  "useExactTypes=false",
  "useMapType=true",
  "annotateFilesWithVersion=false",
];

const require = createRequire(import.meta.url);

/**
 * Makes the codecs of the messages that BuildKit exchanges with its client, from the .proto files of the Docker client.
 *
 * @returns texts by path, relative to `root`
 */
export async function generateProtoCodecs(root: string): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "nullspace-protos-"));
  try {
    const template = {
      version: "v2",
      inputs: [{ directory: join(root, SOURCES) }],
      plugins: [
        {
          local: [process.execPath, require.resolve("ts-proto/protoc-gen-ts_proto")],
          out: join(folder, "codecs"),
          opt: OPTIONS,
          // All files in one go, with Google's own among them.
          strategy: "all",
          include_imports: true,
        },
      ],
    };
    const buf = require.resolve("@bufbuild/buf/bin/buf");
    await promisify(execFile)(process.execPath, [buf, "generate", "--template", JSON.stringify(template)], {
      cwd: folder,
      env: { ...process.env, BUF_CACHE_DIR: join(folder, "cache") },
    });
    const codecs = globSync("**/*.ts", { cwd: join(folder, "codecs") }).sort();
    return new Map(
      await Promise.all(
        codecs.map(
          async (name) =>
            [
              `${PROTO_CODECS}/${name.replaceAll("\\", "/")}`,
              await readFile(join(folder, "codecs", name), "utf8"),
            ] as const,
        ),
      ),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
