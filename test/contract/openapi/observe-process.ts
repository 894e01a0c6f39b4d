import { appendFileSync } from "node:fs";
import { observeAnswers } from "./observe-answers.ts";

/** Variable that names the file for what is found. */
const FILE = "NULLSPACE_TEST_PROBLEMS";

// Loaded into a service that a test starts as a process of its own (`node --import`). Written at once: the process may be
// killed at any moment.
observeAnswers((problem) => appendFileSync(process.env[FILE] ?? "", `${problem}\n`));
