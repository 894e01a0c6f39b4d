import { existsSync } from "node:fs";
import { delimiter, join, relative } from "node:path";
import { shellQuote } from "../../sdk/template/shell-quote.ts";

/** What `--keep` leaves running, and where it lies. */
export interface LeftRunning {
  /** Environment that the Pulumi CLI ran with. */
  env: NodeJS.ProcessEnv;
  /** The service's address and key. */
  service: { env: NodeJS.ProcessEnv; pid: number };
  /** Folder of the Pulumi program. */
  program: string;
  /** Folder of everything that the quickstart made. */
  home: string;
}

/** Variables that a shell of the user's does not have: the rest of the environment is its own. */
const EXPORTED = [
  "NULLSPACE_API_URL",
  "NULLSPACE_API_KEY",
  "PULUMI_BACKEND_URL",
  "PULUMI_CONFIG_PASSPHRASE",
  // The CLI keeps the selected stack here.
  "PULUMI_HOME",
  "DOCKER_HOST",
];
const COMMANDS = ["pulumi", "pulumi-resource-pulumi-nodejs", "node"];

/** The lines that go on from a quickstart with `--keep`, in any new shell, and those that take it down. */
export function whatToTypeNext({ env, service, program, home }: LeftRunning): string {
  const all = { ...env, ...service.env };
  const variables = EXPORTED.filter((name) => all[name]).map((name) => `  export ${name}=${shellQuote(all[name]!)}`);
  const folders = [...new Set(COMMANDS.flatMap((command) => folderOf(command, env["PATH"]) ?? []))];
  return `
Left running: the service (process ${service.pid}), the stack "dev" and its pool. To go on from here:

${variables.join("\n")}
  export PATH=${folders.map((folder) => shellQuote(folder)).join(":")}:$PATH
  cd ${shellQuote(relative(process.cwd(), program) || ".")}
  pulumi preview --diff        # after an edit in app/
  pulumi up

To take it down:

  pulumi destroy --yes && pulumi stack rm --yes dev
  kill ${service.pid}
  rm -r ${shellQuote(home)}
`;
}

function folderOf(command: string, path = ""): string | undefined {
  return path.split(delimiter).find((folder) => folder !== "" && existsSync(join(folder, command)));
}
