// Asks the agent in a machine of its own: node ask.mjs <template> [<tool> <text>]
import { Machine } from "pulumi-nullspace/sdk";

const [template, ...question] = process.argv.slice(2);
const machine = await Machine.create({ template, vcpus: 1, memoryMib: 256 });
try {
  const { stdout, stderr, exitCode } = await machine.run("python3", { args: ["agent.py", ...question] });
  process.stdout.write(stdout + stderr);
  process.exitCode = exitCode;
} finally {
  await machine.kill();
  await machine.close();
}
