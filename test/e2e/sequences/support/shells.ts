/** The two ways in which a program uses the resources. */
export const SHELLS = [
  { shell: "dynamic", module: "pulumi-nullspace" },
  { shell: "plugin", module: "pulumi-nullspace/native" },
] as const;

export type Shell = (typeof SHELLS)[number]["shell"];

/** What the program of a shell requires. */
export function moduleOf(shell: Shell): string {
  return shell === "dynamic" ? "pulumi-nullspace" : "pulumi-nullspace/native";
}
