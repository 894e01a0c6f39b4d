import type { Shell } from "../shell.ts";

/** Name of the file for `pulumi import --file`. */
export const IMPORT_FILE = "adopt.json";

/** What a reader of the program is told first. */
export function adoptionComment(shell: Shell): string[] {
  const head = "Made by `pulumi-nullspace adopt` from what exists at the service. It is yours: change it as you like.";
  const source =
    "The service does not return what a template was built from: its files or steps, `buildArgs`, `buildEnv`, `buildSecrets`, " +
    "`registryAuth`.";
  if (shell === "dynamic") {
    return [
      head,
      "",
      `${source} Write them first: with \`adopt: true\`, the first \`pulumi up\` takes over what is there, and builds templates ` +
        "again. Once it has gone through, `adopt` can go.",
    ];
  }
  return [
    head,
    "",
    `First, once: \`pulumi import --file ${IMPORT_FILE} --generate-code=false --protect=false\`. Then \`pulumi ` +
      "preview` shows nothing to do.",
    "",
    `${source} \`contextHash\` is a placeholder: as long as it is there, nothing is built. The first \`pulumi up\` without it assumes ` +
      "that what you have written is what the live build was made from, and builds nothing either.",
  ];
}
