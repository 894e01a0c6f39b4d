import type { Found, FoundTemplate } from "../../../provider/adopt/service/found.ts";
import { toInputs } from "../../../provider/core/warm-pool/pool-request.ts";
import { WarmPool } from "../../../sdk/wire/index.ts";

/** A template as an import reads it. */
export function foundTemplate(name: string, more: Partial<FoundTemplate> = {}): FoundTemplate {
  const { inputs, ...rest } = more;
  return {
    ref: `acme/${name}`,
    inputs: {
      name,
      visibility: "private",
      contextHash: `imported:${name}`,
      context: ".",
      vcpus: 2,
      memoryMib: 512,
      internetAccess: true,
      adopt: false,
      ...inputs,
    },
    envKeys: [],
    liveBuild: `tb_${name}`,
    sourceType: "dockerfile",
    tags: [{ tag: "default", buildId: `tb_${name}` }],
    aliases: [],
    ...rest,
  };
}

/** The inputs of a pool as an import reads them. */
export function poolInputs(answer: Record<string, unknown>) {
  return toInputs(
    WarmPool.parse({
      id: "twp_1",
      state: "enabled",
      min_ready: 1,
      max_ready: 2,
      resources: { vcpus: 2, memory_mb: 512 },
      idle_timeout_seconds: 600,
      stale_after_seconds: 900,
      ...answer,
    }),
    undefined,
  );
}

/** What a service may have: each way to refer to a template, each source, and what is known too little of. */
export const SAMPLE: Found = {
  namespace: "acme",
  templates: [
    foundTemplate("base", { sourceType: "oci_import", inputs: { vcpus: 4, diskMb: 2048, internetAccess: false } }),
    foundTemplate("class", { sourceType: "declarative", tags: [{ tag: "nightly", buildId: "tb_class" }] }),
    foundTemplate("draft", { liveBuild: undefined, sourceType: undefined, tags: [], envKeys: undefined } as never),
    foundTemplate("late", { sourceType: "template_base", tags: [] }),
    foundTemplate("web", {
      inputs: {
        startCmd: 'node server.js --title "a b"',
        user: "app",
        readiness: {
          kind: "http",
          port: 8080,
          path: "/healthz",
          timeoutSecs: 60,
          intervalMs: 500,
          startupGraceSecs: 2,
        },
      },
      envKeys: ["NODE_ENV", "TOKEN"],
      tags: [
        { tag: "default", buildId: "tb_web" },
        { tag: "latest", buildId: "tb_web" },
        { tag: "stable", buildId: "tb_web", owner: "0123456789abcdef0123" },
        { tag: "v1", buildId: "tb_old" },
      ],
      aliases: [{ aliasRef: "acme/site", alias: "site" }],
      owner: "0123456789abcdef0123",
    }),
  ],
  pools: [
    { id: "twp_1", name: "builtin", inputs: poolInputs({ name: "builtin", template_ref: "nullspace/base" }) },
    {
      id: "twp_2",
      name: "by alias",
      inputs: poolInputs({ name: "by alias", template_ref: "site", state: "disabled" }),
    },
    {
      id: "twp_3",
      name: "follows",
      inputs: poolInputs({
        name: "follows",
        template_ref: "acme/web:stable",
        version_policy: "track_tag",
        track_tag: "stable",
      }),
    },
    {
      id: "twp_4",
      name: "pinned",
      inputs: poolInputs({
        name: "pinned",
        template_ref: "web:tb_old",
        labels: { team: "a" },
        metadata: { pulumi: { mark: "0123456789abcdef0123" }, owners: ["ann", null] },
      }),
      owner: "0123456789abcdef0123",
    },
  ],
};
