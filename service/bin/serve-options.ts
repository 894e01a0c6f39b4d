import type { parseArgs } from "node:util";
import { BUILDER_OPTIONS } from "./builder-options.ts";
import { MACHINE_OPTIONS } from "./machine-options.ts";
import { STORAGE_OPTIONS } from "./storage-options.ts";

/** Options of `serve`, as `parseArgs` takes them. */
export const SERVE_OPTIONS = {
  port: { type: "string" },
  host: { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "behind-proxy": { type: "boolean" },
  "allowed-host": { type: "string", multiple: true },
  "docker-host": { type: "string" },
  "base-image": { type: "string" },
  builds: { type: "string" },
  "metrics-open": { type: "boolean" },
  ...BUILDER_OPTIONS,
  ...MACHINE_OPTIONS,
  ...STORAGE_OPTIONS,
  "log-out-after": { type: "string" },
  "log-level": { type: "string" },
} as const;

/** What `parseArgs` makes of {@link SERVE_OPTIONS}, and the data folder. */
export type ServeArguments = ReturnType<typeof parseArgs<{ options: typeof SERVE_OPTIONS }>>["values"] & {
  data?: string;
};
