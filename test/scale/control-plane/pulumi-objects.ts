import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";

/** An object as a manifest has it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  [field: string]: unknown;
}

const PROGRAM = join(import.meta.dirname, "..", "..", "..", "deploy", "pulumi");

/** Pulumi's mocks, around the program: what it registers goes into a file. */
const FRAME = `
const pulumi = require("@pulumi/pulumi");
const made = { objects: [], secrets: [] };
pulumi.runtime.setMocks({
  newResource({ type, inputs, name }) {
    if (type === "kubernetes:yaml/v2:ConfigGroup") made.objects.push(...inputs.objs);
    if (type === "kubernetes:core/v1:Secret") made.secrets.push(inputs);
    return { id: name, state: inputs };
  },
  call: ({ inputs }) => inputs,
}, "nullspace-on-kubernetes", "test");
const settings = JSON.parse(process.env.SETTINGS);
for (const [key, value] of Object.entries(settings)) pulumi.runtime.setConfig("nullspace-on-kubernetes:" + key, value);
require(process.env.PROGRAM);
process.on("exit", () => require("node:fs").writeFileSync(process.env.MADE, JSON.stringify(made)));
`;

/**
 * What the program of deploy/pulumi asks of Pulumi's engine, which is a mock here: neither the engine nor the plugin is used.
 *
 * @param settings of the stack, by their names
 * @throws Error when a secret would not be one to Pulumi
 */
export async function pulumiObjects(
  settings: Record<string, string>,
): Promise<{ objects: Manifest[]; secrets: Manifest[] }> {
  const dir = await mkdtemp(join(tmpdir(), "nullspace-pulumi-"));
  try {
    // CommonJS, as Pulumi runs it; __dirname is where the program is.
    const outfile = join(dir, "program.cjs");
    const define = { __dirname: JSON.stringify(PROGRAM) };
    buildSync({
      entryPoints: [join(PROGRAM, "index.ts")],
      outfile,
      bundle: true,
      platform: "node",
      packages: "external",
      define,
    });
    writeFileSync(join(dir, "frame.cjs"), FRAME);
    const made = join(dir, "made.json");
    execFileSync(process.execPath, [join(dir, "frame.cjs")], {
      env: {
        ...process.env,
        NODE_OPTIONS: "",
        NODE_PATH: join(PROGRAM, "..", "..", "node_modules"),
        SETTINGS: JSON.stringify(settings),
        PROGRAM: outfile,
        MADE: made,
      },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const { objects, secrets } = JSON.parse(await readFile(made, "utf8")) as Record<"objects" | "secrets", Manifest[]>;
    return { objects, secrets: secrets.map((each) => ({ ...each, stringData: unwrapped(each) })) };
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** The key of the objects by which Pulumi marks what it keeps encrypted in its state. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

function unwrapped({ metadata, stringData }: Manifest): unknown {
  const wrapped = stringData as Record<string, unknown>;
  if (!(SECRET_MARK in wrapped)) throw new Error(`Pulumi would keep the data of ${metadata.name} in the clear`);
  return wrapped.value;
}
