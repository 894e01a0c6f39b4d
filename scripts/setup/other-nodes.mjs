import { delimiter, join } from "node:path";
import { SetupError } from "./errors.mjs";
import { canFetchNode, fetchNode, nodeHome } from "./fetch-node.mjs";
import { installHint } from "./install-hints.mjs";
import { nodeRuntime } from "./node-runtime.mjs";
import { isExecutableFile } from "./platform.mjs";

/**
 * What is published is tried on these, beside the Node that runs the tests: the oldest that it promises to run on, the newest of
 * that line, and the newest of all.
 *
 * @type {readonly import("./fetch-node.mjs").NodeRelease[]}
 */
export const OTHER_NODE_RELEASES = [
  {
    version: "22.14.0",
    integrity: {
      x64: "sha512-R9k0h0zCZkX4/rlJbwS2c/CaOlmbAz3FkcQnQTJneQgJFaMntb8GVT64oArZEvrnzSyck8tGpcss6u3nT7hqxg==",
      arm64: "sha512-pg8rI8Ka8Qf4gwBfaa3vYAuBeiK1LcGxNEsW+VADvpJz4ZAq3yZ64oMwnighJW57tObnd9U0cANhNkL+BgG6OA==",
    },
  },
  {
    version: "22.23.5",
    integrity: {
      x64: "sha512-3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw==",
      arm64: "sha512-e1LOUGKVruPGuLVutn8+Cgm5pI1APm4Kvh+zbb/qe/ZpD9s+TQby5iUgZOWmPpbSKpj0Td8DP1N0NEnXasHizg==",
    },
  },
  {
    version: "26.12.1",
    integrity: {
      x64: "sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==",
      arm64: "sha512-8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==",
    },
  },
];

/**
 * The Nodes that users may have: $NULLSPACE_TEST_NODES, as PATH has folders, those that are given there first.
 *
 * @type {import("./step.mjs").Step}
 */
export const otherNodes = {
  title: "other Nodes",
  profiles: ["test"],
  needs: [nodeRuntime],
  async run(context) {
    const { cache, check, env, platform } = context;
    const given = (env["NULLSPACE_TEST_NODES"] ?? "").split(delimiter).filter((path) => path !== "");
    const fetchable = OTHER_NODE_RELEASES.filter((release) => canFetchNode(release, platform));
    const programOf = (/** @type {string} */ version) => join(nodeHome(cache, version), "bin", "node");
    for (const release of fetchable) {
      if (isExecutableFile(programOf(release.version))) continue;
      if (check) {
        const problem = `Node ${release.version}, on which what is published is tried, is not in the cache: set-up fetches it from the npm registry`;
        throw new SetupError("NO_OTHER_NODE", problem, { install: installHint("node", platform) });
      }
      await fetchNode(release, context);
    }
    const versions = fetchable.map(({ version }) => version);
    const chose = [...given, ...versions].join(", ") || "none: set-up can fetch them for Linux on x64 and arm64 only";
    return { chose, env: { NULLSPACE_TEST_NODES: [...given, ...versions.map(programOf)].join(delimiter) } };
  },
};
