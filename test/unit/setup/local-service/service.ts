/** Says what `nullspace-local serve` says at its start, and notes in a file when its standard input closes. */
import { writeFileSync } from "node:fs";

console.log("NULLSPACE_API_URL=http://127.0.0.1:1\nexport NULLSPACE_API_KEY=key");
process.stdin.once("close", () => writeFileSync(process.env["NOTE"] ?? "", "still here"));
setInterval(() => undefined, 60_000);
