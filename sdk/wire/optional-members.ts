import * as z from "zod";
import { Timestamp } from "./timestamp.ts";

// Members of answers that may be absent or null. One schema each for all who need it: making a schema costs, and a program
// that imports the SDK pays for every one.

export const optionalText = z.string().nullish();
export const optionalInt = z.int().nullish();
export const optionalTime = Timestamp.nullish();
export const optionalFlag = z.boolean().nullish();
/** A count that an old service leaves out: 0. */
export const count = z.int().default(0);
