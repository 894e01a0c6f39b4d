import { actionlint } from "./actionlint.mjs";
import { baseImage } from "./base-image.mjs";
import { buildKitDaemon } from "./buildkit-daemon.mjs";
import { chromium } from "./chromium.mjs";
import { clusterPrograms } from "./cluster-programs.mjs";
import { csharpCompiler } from "./csharp-compiler.mjs";
import { dockerEngine } from "./docker-engine.mjs";
import { dockerfileParser } from "./dockerfile-parser.mjs";
import { kubernetes } from "./kubernetes.mjs";
import { modernEngine } from "./modern-engine.mjs";
import { nodeRuntime } from "./node-runtime.mjs";
import { npmDependencies } from "./npm-dependencies.mjs";
import { otherNodes } from "./other-nodes.mjs";
import { promtool } from "./promtool.mjs";
import { pulumiCli } from "./pulumi-cli.mjs";
import { pulumiLanguages } from "./pulumi-languages.mjs";
import { pulumiPython } from "./pulumi-python.mjs";
import { pythonClient } from "./python-client.mjs";
import { dockerCommand, git, testCommands } from "./test-tools.mjs";

/**
 * Every step, in order: a later one may use what an earlier one has made, where it does not say which ones it needs. What takes
 * longest comes first.
 *
 * @type {readonly import("./step.mjs").Step[]}
 */
export const STEPS = [
  pulumiCli,
  npmDependencies,
  nodeRuntime,
  otherNodes,
  dockerEngine,
  modernEngine,
  baseImage,
  pythonClient,
  dockerCommand,
  git,
  testCommands,
  chromium,
  buildKitDaemon,
  dockerfileParser,
  actionlint,
  promtool,
  pulumiLanguages,
  pulumiPython,
  csharpCompiler,
  kubernetes,
  clusterPrograms,
];
