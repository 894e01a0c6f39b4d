import { EventEmitter } from "node:events";

/** What may have changed. An event only wakes a reader; the store is the truth. */
export interface TemplateEvent {
  kind: "tag_moved" | "build_finished" | "template_deleted" | "template_changed";
  /** Artifact that it is about, where there is one. */
  templateId?: string;
}

/** Receives events; must return quickly and must not throw (it should only wake its own worker). */
export type TemplateListener = (event: TemplateEvent) => void;

/**
 * Wakes whoever depends on templates (warm pools). Level-triggered: events may be merged or lost on a crash, so a
 * listener always compares the store with what it has, and does so on its own timer as well.
 */
export class TemplateEvents {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  /** Calls `listener` on every event. @returns a function that ends it */
  subscribe(listener: TemplateListener): () => void {
    this.#emitter.on("event", listener);
    return () => void this.#emitter.off("event", listener);
  }

  /** Emit after the transaction that made the change has been committed. */
  emit(event: TemplateEvent): void {
    this.#emitter.emit("event", event);
  }
}
