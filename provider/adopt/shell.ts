/** The runtime that a program's resources are of. */
export type Shell = "plugin" | "dynamic";

export const SHELLS = ["plugin", "dynamic"] as const satisfies readonly Shell[];

/** The module that a program takes its classes from. */
export const MODULES: Readonly<Record<Shell, string>> = {
  plugin: "pulumi-nullspace/native",
  dynamic: "pulumi-nullspace",
};
