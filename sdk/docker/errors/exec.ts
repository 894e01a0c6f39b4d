import { markError } from "../../errors.ts";
import { DockerError } from "./docker-error.ts";

/** A command in a container ran out of its time. Code `exec_timeout`. */
export class ExecTimeoutError extends DockerError {
  static {
    markError(this, "ExecTimeoutError");
  }

  readonly containerId: string;
  readonly timeoutMs: number;
  /** What the command had written until then. */
  readonly stdout: string;
  readonly stderr: string;
  /** Whether the process is known to be gone. */
  readonly killed: boolean;

  constructor(facts: { containerId: string; timeoutMs: number; stdout: string; stderr: string; killed: boolean }) {
    super(
      `The command in container ${facts.containerId.slice(0, 12)} did not end within ${facts.timeoutMs} ms; ` +
        (facts.killed
          ? "it was killed. Give it more time, or see why it hangs."
          : "it could not be killed (that needs a shell in the image) and may still run: restart the container."),
      { code: "exec_timeout" },
    );
    this.containerId = facts.containerId;
    this.timeoutMs = facts.timeoutMs;
    this.stdout = facts.stdout;
    this.stderr = facts.stderr;
    this.killed = facts.killed;
  }
}
