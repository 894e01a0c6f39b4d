// Takes a ready machine out of a pool and shows what it serves: node claim.mjs <template> <pool>
import { Machine } from "pulumi-nullspace/sdk";

const [template, warmPool] = process.argv.slice(2);
// `require` takes a ready machine or fails; it never waits for one to start.
const machine = await Machine.create({ template, warmPool, warmPoolMode: "require", vcpus: 1, memoryMib: 128 });
try {
  const { stdout } = await machine.run("wget", { args: ["-q", "-O-", "http://127.0.0.1:8080/"] });
  process.stdout.write(stdout);
} finally {
  await machine.kill();
  await machine.close();
}
