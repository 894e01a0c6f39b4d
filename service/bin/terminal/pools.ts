import { NullspaceClient } from "pulumi-nullspace/sdk";
import { paintState } from "./paint.ts";
import { printJson, printLine } from "./print.ts";
import { table } from "./table.ts";

/** `pools`: the warm pools, what they hold and what they are to hold. */
export async function poolsCommand({ json }: { json?: boolean }): Promise<void> {
  await using client = new NullspaceClient();
  const pools = await client.warmPools.list();
  if (json === true) return printJson({ pools });
  if (pools.length === 0) return printLine("There are no warm pools.");
  printLine(
    table(
      ["POOL", "TEMPLATE", "STATE", "READY", "WARMING", "CLAIMED", "WHY"],
      pools.map(({ name, template_ref, state, min_ready, max_ready, status, degraded_message, degraded_reason }) => {
        const isShort = state === "enabled" && status.ready < min_ready;
        const ready = `${status.ready} of ${min_ready} to ${max_ready}`;
        return [
          name,
          template_ref,
          { text: state, look: paintState(state) },
          { text: ready, look: isShort ? paintState("error", ready) : ready },
          String(status.warming),
          String(status.claimed),
          degraded_message ?? degraded_reason ?? "",
        ];
      }),
    ),
  );
}
