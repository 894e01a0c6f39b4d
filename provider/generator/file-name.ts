/** `TemplateTag` as `template-tag`: the name of its folder and of its files. */
export function fileName(type: string): string {
  return type.replaceAll(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase();
}
