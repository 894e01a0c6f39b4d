import { styleText } from "node:util";
import type { BuildProgress } from "../../sdk/docker/index.ts";

/** One progress of a build as lines for people; empty when it is not worth a line. */
export function describeProgress(progress: BuildProgress): string {
  switch (progress.kind) {
    case "step": {
      const { name, state, startedAt, completedAt } = progress.step;
      const seconds =
        startedAt && completedAt ? ` ${((completedAt.getTime() - startedAt.getTime()) / 1000).toFixed(1)}s` : "";
      if (state === "started") return `=> ${name}\n`;
      if (state === "completed") return seconds === "" ? "" : `=> ${name}${paint("dim", seconds)}\n`;
      if (state === "cached") return `=> ${paint("cyan", "CACHED")} ${name}\n`;
      if (state === "failed") return `=> ${paint("red", "FAILED")} ${name}\n`;
      return "";
    }
    case "log":
      return `${paint("dim", " |")} ${progress.text}\n`;
    case "warning":
      return `${paint("yellow", "warning:")} ${progress.text}${progress.dockerfileLine ? ` (Dockerfile line ${progress.dockerfileLine})` : ""}\n`;
    case "status":
    case "aux":
    case "image":
      return "";
  }
}

function paint(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stderr });
}
