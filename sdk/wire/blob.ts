import * as z from "zod";
import { optionalText } from "./optional-members.ts";

/**
 * Path inside a build context: relative, `/` between the parts, no empty part, `.` or `..`, so that it can never leave
 * the folder it is unpacked in.
 */
export const ContextPath = z
  .string()
  .max(4096)
  .regex(/^(?!\/)(?!(?:[\s\S]*\/)?\.{1,2}(?:\/|$))(?![\s\S]*\/\/)(?![\s\S]*\/$)[^\u0000]+$/, {
    error: "must be a relative path with '/' between its parts and no empty, '.' or '..' part",
  });
export type ContextPath = z.infer<typeof ContextPath>;

const mode = z.string().regex(/^[0-7]{3,5}$/, { error: "must be octal digits, such as 0644" });
const entryType = z.enum(["file", "dir"]);

/** One entry of a build context. A file carries its content in exactly one way; a folder carries none. */
export const ContextFile = z
  .object({
    path: ContextPath,
    entry_type: entryType,
    mode: mode.optional().describe("Permission bits, octal, such as 0644"),
    content_base64: z.base64().optional().describe("The file's bytes, inline (validate and plan only)"),
    blob_id: z.string().min(1).optional().describe("The file's bytes, uploaded before"),
  })
  .check((context) => {
    const { entry_type, content_base64, blob_id } = context.value;
    const bodies = Number(content_base64 !== undefined) + Number(blob_id !== undefined);
    if (entry_type === "file" && bodies !== 1) {
      context.issues.push({
        code: "custom",
        input: context.value,
        path: [],
        message: "a file needs exactly one of content_base64 and blob_id",
      });
    } else if (entry_type === "dir" && bodies !== 0) {
      context.issues.push({
        code: "custom",
        input: context.value,
        path: [],
        message: "a dir carries neither content_base64 nor blob_id",
      });
    }
  })
  .meta({ id: "ContextFile" });
export type ContextFile = z.infer<typeof ContextFile>;

/** The files that a build sees. */
export const BuildContext = z.object({ files: z.array(ContextFile) }).meta({ id: "BuildContext" });
export type BuildContext = z.infer<typeof BuildContext>;

/** What the client has, before it uploads: the service answers with what it lacks. */
export const PreflightFile = z
  .object({
    path: ContextPath,
    entry_type: entryType,
    mode: mode.optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: "must be 64 lower-case hex digits" })
      .optional()
      .describe("Digest of the whole file; files must have it"),
    size_bytes: z.int().min(0).optional().describe("Length of the file; files must have it"),
    force_upload: z.boolean().optional().describe("Ask for a fresh upload even if the service has these bytes"),
  })
  .check((context) => {
    const { entry_type, sha256, size_bytes } = context.value;
    if (entry_type !== "file") return;
    for (const [name, value] of Object.entries({ sha256, size_bytes })) {
      if (value === undefined) {
        context.issues.push({ code: "custom", input: context.value, path: [name], message: "a file needs it" });
      }
    }
  })
  .meta({ id: "PreflightFile" });
export type PreflightFile = z.infer<typeof PreflightFile>;

/** Body of the preflight call. */
export const PreflightRequest = z.object({ files: z.array(PreflightFile) }).meta({ id: "PreflightRequest" });
export type PreflightRequest = z.infer<typeof PreflightRequest>;

/** Answer for one entry. Every file gets a `blob_id`, missing or not. */
export const PreflightResult = z
  .looseObject({
    path: z.string(),
    entry_type: z.string(),
    missing: z.boolean().describe("The service lacks these bytes: upload them to the blob"),
    blob_id: optionalText,
    mode: optionalText,
  })
  .meta({ id: "PreflightResult" });
export type PreflightResult = z.infer<typeof PreflightResult>;

/** Limits of a service that accepts several bodies in one call. */
export const BlobBatchLimits = z
  .looseObject({
    max_blobs: z.int().min(1).describe("Most bodies of one call"),
    max_bytes: z.int().min(1).describe("Most bytes of the bodies of one call, before base 64"),
  })
  .meta({ id: "BlobBatchLimits" });
export type BlobBatchLimits = z.infer<typeof BlobBatchLimits>;

/** Answer of the preflight call: one result for each entry asked about. */
export const PreflightResponse = z
  .looseObject({
    files: z.array(PreflightResult),
    batch: BlobBatchLimits.optional().describe(
      "nullspace-local only: small bodies may go up together, in calls of POST /v1/templates/blobs/batch",
    ),
  })
  .meta({ id: "PreflightResponse" });
export type PreflightResponse = z.infer<typeof PreflightResponse>;

/** Body of the call that uploads several small bodies; no call of the contract, but of nullspace-local. */
export const BlobBatch = z
  .object({
    blobs: z
      .array(
        z.object({
          blob_id: z.string().min(1).describe("As the preflight gave it out for a SHA-256"),
          content_base64: z.base64().describe("The file's bytes, as many as the preflight named"),
        }),
      )
      .min(1),
  })
  .meta({ id: "BlobBatch" });
export type BlobBatch = z.infer<typeof BlobBatch>;
