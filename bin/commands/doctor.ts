import type { Command } from "commander";
import { findSettings, InvalidSettingError, type SettingsPlaces } from "../../sdk/client/index.ts";
import { isLoopback } from "../../sdk/client/dispatcher.ts";
import { action } from "../cli/action.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { print, printJson } from "../cli/output.ts";
import type { CheckResult } from "../doctor/check.ts";
import { checkDocker, checkNode, checkPulumi } from "../doctor/program-checks.ts";
import { checkService } from "../doctor/service-checks.ts";

/** `doctor`: is everything there that `pulumi up` needs, and what to do if not. */
export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .description("check Node, Pulumi, Docker, the settings and the service; exit 1 if something fails")
    .option("--json", "print {ok, checks: [{name, status, message, advice?}]}")
    .action(
      action(async (signal, options: { json?: boolean }) => {
        const checks = await examine({ env: process.env }, signal);
        const fine = checks.every(({ status }) => status !== "fail");
        if (options.json) await printJson({ ok: fine, checks }, signal);
        else await print(checks.map(describe).join(""), signal);
        return fine ? EXIT.ok : EXIT.failed;
      }),
    );
}

async function examine(
  places: SettingsPlaces & { env: NodeJS.ProcessEnv },
  signal: AbortSignal,
): Promise<CheckResult[]> {
  const [pulumi, docker, service] = await Promise.all([
    checkPulumi(places.env, signal),
    checkDocker(places.env, isLocal(places), signal),
    checkService(places, signal),
  ]);
  return [checkNode(), pulumi, docker, ...service];
}

/** Is the service meant to be one on this machine? A URL that cannot be used is reported by its own check. */
function isLocal(places: SettingsPlaces): boolean {
  try {
    return isLoopback(findSettings(places).baseUrl.value);
  } catch (error) {
    if (error instanceof InvalidSettingError) return true;
    throw error;
  }
}

function describe({ name, status, message, advice }: CheckResult): string {
  const line = `${status.padEnd(5)}${name.padEnd(9)}${message}\n`;
  return advice === undefined ? line : `${line}${" ".repeat(14)}${advice}\n`;
}
