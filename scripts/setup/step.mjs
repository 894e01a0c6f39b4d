/**
 * What every step is given.
 *
 * @typedef {object} StepContext
 * @property {string} root folder of the clone
 * @property {import("./platform.mjs").Platform} platform
 * @property {import("./tool-cache.mjs").ToolCache} cache
 * @property {NodeJS.ProcessEnv} env the environment as the steps before have left it: what this step's commands run in
 * @property {boolean} check only look: change nothing on the machine, start nothing
 * @property {Profile} profile
 * @property {(text: string) => void} note says something while the step runs (a wait, a choice that was not taken)
 * @property {(release: Release) => void} onStop registers how to give back what the step has started
 * @property {AbortSignal | undefined} signal
 */

/**
 * What is wanted: `quickstart` runs the product, `test` adds what only the tests need; `modern` is what the tests of the
 * Docker client need on an engine of today; `sdks` is what the SDKs of other languages are made with, and `languages` what they are
 * tried with; `scale` is what the tests need that run on a Kubernetes cluster of this machine.
 *
 * @typedef {"quickstart" | "test" | "modern" | "sdks" | "languages" | "scale"} Profile
 */

/** @typedef {(options: { keep: boolean }) => Promise<void>} Release */

/**
 * What a step found or made. With `check`, something that is not there is told by throwing the SetupError that names it.
 *
 * @typedef {object} StepResult
 * @property {string} chose what is used from now on, in a few words
 * @property {string[]} [path] folders that go to the front of PATH, the most wanted first
 * @property {Record<string, string>} [env] variables for what runs on this set-up
 */

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {readonly Profile[]} profiles
 * @property {readonly Step[]} [needs] the steps that have to end before it begins, and that its environment is of; where it
 *   does not say, all that are before it. Steps that need nothing of one another run side by side
 * @property {(context: Pick<StepContext, "cache" | "env" | "profile">) => Promise<string | undefined>} [forecast] what takes a minute or more on this machine, and
 *   how long: said before anything is begun
 * @property {(context: StepContext) => Promise<StepResult>} run
 */

export {};
