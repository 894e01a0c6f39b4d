import { readFileSync } from "node:fs";

/** Variable that names the file with the milliseconds by which the clock of the process is wrong. */
const FILE = "NULLSPACE_TEST_CLOCK";
/** How often the process looks there. */
const LOOK_EVERY_MS = 5;

// Loaded into a service that a test starts as a process of its own (`node --import`): its clock jumps whenever the test
// writes into the file, as that of a host does when somebody sets it.
const RealDate = Date;
let offsetMs = 0;
const look = () => (offsetMs = Number(readFileSync(process.env[FILE] ?? "", "utf8")) || 0);
look();
setInterval(look, LOOK_EVERY_MS).unref();
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: [], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + offsetMs] : args, newTarget) as Date,
  apply: () => new Date().toString(),
  get: (target, name, receiver) =>
    name === "now" ? () => RealDate.now() + offsetMs : (Reflect.get(target, name, receiver) as unknown),
});
