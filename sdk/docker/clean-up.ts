/**
 * What is to be undone at the end, the latest first: the part of `AsyncDisposableStack` that the client needs, which Node has
 * from 24 on only.
 */
export class CleanUp implements AsyncDisposable {
  readonly #steps: (() => unknown)[] = [];
  #isDone = false;

  /** Disposes of `resource` at the end. @returns the resource */
  use<Resource extends AsyncDisposable | Disposable>(resource: Resource): Resource {
    this.defer(() =>
      Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : (resource as Disposable)[Symbol.dispose](),
    );
    return resource;
  }

  /** Calls `step` at the end, and waits for it. @throws ReferenceError when the end has been, as `AsyncDisposableStack` does */
  defer(step: () => unknown): void {
    if (this.#isDone) throw new ReferenceError("The clean-up is over: nothing more can be added to it.");
    this.#steps.push(step);
  }

  /**
   * Takes all steps, also when one of them fails; a second call does nothing.
   *
   * @throws what a step has thrown, or an AggregateError when several have
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDone = true;
    const errors: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 1) throw new AggregateError(errors, "Several steps of the clean-up failed.");
    if (errors.length === 1) throw errors[0];
  }
}
