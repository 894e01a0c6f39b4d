// Looks for both secrets in a machine: node look.mjs <template>
import { Machine } from "pulumi-nullspace/sdk";

const machine = await Machine.create({ template: process.argv[2], vcpus: 1, memoryMib: 128 });
try {
  const script = 'cat /downloaded; ls /run/secrets; echo "API_TOKEN has ${#API_TOKEN} characters"';
  const { stdout, stderr } = await machine.run(script, { shell: true });
  process.stdout.write(stdout + stderr);
} finally {
  await machine.kill();
  await machine.close();
}
