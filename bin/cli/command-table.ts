import type { Command } from "commander";

/** Adds one command, with its options and sub-commands, to the program. */
export type RegisterCommand = (program: Command) => void;

/**
 * The commands by name. Each module is loaded only when its command (or the help) is asked for, so that `context hash`
 * does not pay for the Docker client.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<RegisterCommand>>> = {
  context: async () => (await import("../commands/context.ts")).registerContext,
  docker: async () => (await import("../commands/docker.ts")).registerDocker,
  image: async () => (await import("../commands/image.ts")).registerImage,
  promotions: async () => (await import("../commands/promotions.ts")).registerPromotions,
  adopt: async () => (await import("../commands/adopt.ts")).registerAdopt,
  report: async () => (await import("../commands/report.ts")).registerReport,
  doctor: async () => (await import("../commands/doctor.ts")).registerDoctor,
};
