import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Reads programs as Python itself does, and lists each call of the package with the names of its arguments. */
const READER = `
import ast, json, sys
calls = []
for text in json.load(sys.stdin):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "nullspace":
            calls.append([node.func.attr, [argument.arg for argument in node.keywords]])
print(json.dumps(calls))
`;

/**
 * Calls of the package in Python programs.
 *
 * @returns name and arguments, as a Python SDK of the package has them: `get_build`, `build_id`
 * @throws when a program is no Python
 */
export async function pythonCalls(programs: readonly string[]): Promise<[name: string, args: string[]][]> {
  const running = promisify(execFile)(process.env.NULLSPACE_PYTHON ?? "python3", ["-c", READER]);
  running.child.stdin?.end(JSON.stringify(programs));
  return JSON.parse((await running).stdout) as [string, string[]][];
}

/** How Pulumi's generator spells a name in Python. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
