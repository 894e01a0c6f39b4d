import * as z from "zod";
import { optionalInt, optionalText } from "./optional-members.ts";

/** A readiness check as answers tell it: more members belong to each kind. */
export const ReadinessAnswer = z.looseObject({ kind: z.string() }).meta({ "x-open": "the members of the kind" });
export type ReadinessAnswer = z.infer<typeof ReadinessAnswer>;

/** What machines of an artifact begin with. Values of variables are never answered, only their names. */
export const RuntimeDefaults = z
  .looseObject({
    default_env_keys: z.array(z.string()).optional(),
    start_cmd: optionalText,
    default_user: optionalText,
    default_workdir: optionalText,
    readiness: ReadinessAnswer.nullish(),
  })
  .meta({ id: "RuntimeDefaults" });
export type RuntimeDefaults = z.infer<typeof RuntimeDefaults>;

/** What the image itself says. */
export const OciMetadata = z
  .looseObject({
    labels: z.record(z.string(), z.string()).nullish(),
    exposed_ports: z.array(z.string()).optional(),
    volumes: z.array(z.string()).optional(),
    healthcheck: z
      .looseObject({
        test: z.array(z.string()).optional(),
        interval_ns: optionalInt,
        timeout_ns: optionalInt,
        start_period_ns: optionalInt,
        retries: optionalInt,
        mapped_readiness: ReadinessAnswer.nullish(),
      })
      .nullish(),
  })
  .meta({ id: "OciMetadata" });
export type OciMetadata = z.infer<typeof OciMetadata>;
