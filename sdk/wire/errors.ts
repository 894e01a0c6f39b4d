import { markError, NullspaceError } from "../errors.ts";

/** A template reference that the grammar of refs does not allow. */
export class TemplateRefError extends NullspaceError {
  static {
    markError(this, "TemplateRefError");
  }

  /** The text as it was given. */
  readonly ref: string;

  constructor(ref: string, reason: string) {
    super(
      `"${ref}" is not a template reference: ${reason}. ` +
        "Use name, name:tag, name:tb_…, namespace/name, namespace/name:tag, namespace/name:tb_… or tmpl_….",
      { code: "invalid_template_ref" },
    );
    this.ref = ref;
  }
}
