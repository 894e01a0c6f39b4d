// Lists what exists under a name as `pulumi import --file` reads it: node inventory.mjs <name>
import { Template, WarmPool } from "pulumi-nullspace/sdk";

const { canonical_ref: ref } = await Template.get(process.argv[2]);
const pools = (await WarmPool.list()).filter(({ name, state }) => name === process.argv[2] && state !== "deleted");
const resources = [
  { type: "nullspace:index:Template", name: "web", id: ref },
  { type: "nullspace:index:TemplateTag", name: "stable", id: `${ref}:stable` },
  ...pools.map(({ id }) => ({ type: "nullspace:index:WarmPool", name: "pool", id })),
];
console.log(JSON.stringify({ resources }, undefined, 2));
