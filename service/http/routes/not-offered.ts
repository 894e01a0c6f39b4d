import { NotOfferedError } from "../../errors.ts";
import type { ServiceApp } from "../service-app.ts";

/** Something that the product's API has and this service has not: its name in the plural, and what to do instead. */
type Missing = readonly [what: string, instead?: string];

/** Beside templates, pools and machines, by the first segment of its paths. */
const AREAS: Record<string, Missing> = {
  account: ["accounts"],
  admin: ["users to administer"],
  auth: ["sign-in", "Use the key that `nullspace-local serve` printed at its start."],
  desktop: ["desktops"],
  environments: ["environments"],
  functions: ["functions"],
  "function-webhooks": ["functions"],
  keys: ["API keys to manage through this call", "Use the key that `nullspace-local serve` printed at its start."],
  lifecycle: ["lifecycle events"],
  monitor: ["monitoring"],
  secrets: ["stored secrets"],
  snapshots: ["snapshots"],
  telemetry: ["telemetry"],
  volumes: ["volumes"],
};

/** Of a machine, by what follows its id. */
const OF_MACHINES: Record<string, Missing> = {
  code: ["code interpreter"],
  desktop: ["desktops"],
  egress: ["network rules"],
  "files/batch-write": ["call that writes several files", "Write them one by one."],
  "files/download-url": ["signed URLs of files", "Read the file with GET /v1/machines/{id}/file."],
  "files/find": ["search in files", "Run grep in the machine."],
  "files/replace": ["replacement in files", "Run sed in the machine."],
  "files/search": ["search for files", "Run find in the machine."],
  "files/upload-url": ["signed URLs of files", "Write the file with PUT /v1/machines/{id}/file."],
  fork: ["forks of machines"],
  git: ["Git calls", "Run git in the machine."],
  hibernate: ["hibernation on request", "Set a timeout with the action hibernate."],
  lifecycle: ["lifecycle events"],
  metrics: ["metrics of machines"],
  ports: ["previews of ports", "Reach the port at the machine's address: POST /v1/machines/{id}/host."],
  "preview-urls": ["previews of ports", "Reach the port at the machine's address: POST /v1/machines/{id}/host."],
  pty: ["terminals", "Run the command without one."],
  snapshots: ["snapshots"],
  "ssh-access": ["SSH access", "Run commands through the API."],
  uploads: ["upload sessions", "Write the file with PUT /v1/machines/{id}/file."],
  volumes: ["volumes"],
};

const FORMS: Missing = ["uploads of forms", "Send the file's bytes with PUT."];

/**
 * Answers what the product's API has and this service cannot do with 501 and its name, so that a client can tell it from a
 * mistake in its path.
 *
 * @param machinePaths where machines are served
 */
export function registerNotOffered(app: ServiceApp, machinePaths: readonly string[]): void {
  for (const [segment, missing] of Object.entries(AREAS)) refuse(app, `/v1/${segment}`, missing);
  for (const path of machinePaths) {
    for (const [segment, missing] of Object.entries(OF_MACHINES)) refuse(app, `${path}/:id/${segment}`, missing);
    app.post(`${path}/:id/file`, ...refusal(FORMS));
  }
}

function refuse(app: ServiceApp, path: string, missing: Missing): void {
  for (const each of [path, `${path}/*`]) app.all(each, ...refusal(missing));
}

function refusal([what, instead]: Missing) {
  // Before a body is read, of whatever type it is.
  const onRequest = (): Promise<never> => Promise.reject(new NotOfferedError(what, instead));
  // Not in /openapi.json, which describes what there is.
  return [{ onRequest, schema: { hide: true } }, onRequest] as const;
}
