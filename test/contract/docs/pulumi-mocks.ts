import { runtime } from "@pulumi/pulumi";

// A Pulumi program outside of Pulumi: what it declares is named on standard output, and gets the outputs that it was given
// as inputs. That the resources do what they say is shown where a real `pulumi up` runs.
await runtime.setMocks({
  newResource({ type, name, inputs }) {
    console.log(`${type} ${name}`);
    // Of a stack, its outputs; of anything else, outputs.
    const outputs = { buildId: "tb_1", canonicalRef: "local/web", template: "web" };
    return { id: `${name}-id`, state: { ...outputs, ...(inputs as object), outputs } };
  },
  call: ({ inputs }) => inputs as Record<string, unknown>,
});

// What the programs take from the stack's settings.
runtime.setAllConfig({ "project:europeKey": "k", "project:downloadToken": "d", "project:apiToken": "a" });
