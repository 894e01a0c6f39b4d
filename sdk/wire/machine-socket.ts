import * as z from "zod";
import { ExecRequest } from "./machine.ts";

/** What every message carries: the sender's name for the command that it is about. */
const id = z.string().min(1).max(255);
const pid = z.int().positive();

/** Messages of a client on the exec channel of a machine's WebSocket. */
export const ExecClientMessage = z.discriminatedUnion("type", [
  ExecRequest.omit({ background: true }).extend({ type: z.literal("exec_start"), id }),
  z.object({ type: z.literal("exec_connect"), id, pid }),
  z.object({ type: z.literal("exec_stdin"), id, data: z.string() }),
  z.object({ type: z.literal("exec_stdin_close"), id }),
  z.object({ type: z.literal("exec_kill"), id }),
]);
export type ExecClientMessage = z.infer<typeof ExecClientMessage>;

/** Messages of the service there. */
export const ExecServerMessage = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("exec_started"), id: z.string(), pid: z.int() }),
  z.looseObject({ type: z.literal("exec_stdout"), id: z.string(), pid: z.int(), data: z.string() }),
  z.looseObject({ type: z.literal("exec_stderr"), id: z.string(), pid: z.int(), data: z.string() }),
  z.looseObject({ type: z.literal("exec_exit"), id: z.string(), pid: z.int(), exit_code: z.int() }),
  z.looseObject({ type: z.literal("error"), id: z.string(), message: z.string() }),
]);
export type ExecServerMessage = z.infer<typeof ExecServerMessage>;
