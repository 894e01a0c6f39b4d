import { spawn } from "node:child_process";
import { type RunningService } from "../../engine/service/running-service.ts";

/** How a Python program ended. */
export interface PythonResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Python with the service's published client (`nullspace-sdk`) in it. */
const PYTHON = required("NULLSPACE_PYTHON");

/** Runs a program of the published client, or its command line, against a service. */
export function runPython(service: RunningService, args: string[]): Promise<PythonResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON, args, {
      env: {
        PATH: process.env.PATH,
        HOME: service.dataDirectory,
        NULLSPACE_API_URL: service.url,
        NULLSPACE_API_KEY: service.apiKey,
        NULLSPACE_BASE_IMAGE: process.env.NULLSPACE_BASE_IMAGE,
        NO_PROXY: "127.0.0.1",
        PYTHONDONTWRITEBYTECODE: "1",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/**
 * Runs statements of Python that leave their answer in `answer`.
 *
 * @returns that answer, through JSON
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the statements put there
export async function python(service: RunningService, statements: string): Promise<any> {
  const program = `${PRELUDE}\n${statements}\nprint("\\nANSWER " + json.dumps(answer, default=str))\n`;
  const { code, stdout, stderr } = await runPython(service, ["-c", program]);
  const answer = /^ANSWER (.*)$/m.exec(stdout)?.[1];
  if (code !== 0 || answer === undefined) throw new Error(`Python ended with ${code}:\n${stderr}\n${stdout}`);
  return JSON.parse(answer);
}

/** The command line of the client. */
export function commandLine(service: RunningService, args: string[]): Promise<PythonResult> {
  return runPython(service, ["-c", "import sys; from nullspace.cli import main; sys.exit(main())", ...args]);
}

const PRELUDE = `
import json, os, time
import nullspace
from nullspace import *
BASE = os.environ["NULLSPACE_BASE_IMAGE"]
def failure(call):
    try:
        call()
    except Exception as error:
        return [type(error).__name__, getattr(error, "code", None), str(error)]
    return None
`;

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set; scripts/setup.mjs says how`);
  return value;
}
