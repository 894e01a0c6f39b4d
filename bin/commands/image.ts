import type { Command } from "commander";
import { formatImageRef, parseImageRef } from "../../sdk/docker/image-ref.ts";
import { action } from "../cli/action.ts";
import { print, printJson } from "../cli/output.ts";

/** `image parse`. */
export function registerImage(program: Command): void {
  const image = program.command("image").description("work with image references");
  image
    .command("parse")
    .description("take an image reference apart, completed as Docker completes it")
    .argument("<ref>", "image reference, such as python:3.12 or registry.example:5000/team/app@sha256:…")
    .option("--json", "print {registry, repository, tag, digest}")
    .action(
      action(async (signal, ref: string, options: { json?: boolean }) => {
        const parsed = parseImageRef(ref);
        if (options.json) await printJson(parsed, signal);
        else await print(`${formatImageRef(parsed)}\n`, signal);
      }),
    );
}
