import "../require-node.ts";

export { KILL_TIMEOUT_MS, killScript, MARK } from "./marked-processes.ts";
export {
  runMarked,
  type CommandBounds,
  type CommandOutput,
  type CommandPlace,
  type CommandResult,
  type TimedOutCommand,
} from "./run-marked.ts";
