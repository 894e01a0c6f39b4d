// Runs a service in a machine of its own: node start.mjs api
import { Machine } from "pulumi-nullspace/sdk";

const machine = await Machine.create({ template: `mono-${process.argv[2]}`, vcpus: 1, memoryMib: 128 });
try {
  const { stdout, stderr } = await machine.run("sh", { args: ["main.sh"] });
  process.stdout.write(stdout + stderr);
} finally {
  await machine.kill();
  await machine.close();
}
