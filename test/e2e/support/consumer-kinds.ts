/** A way in which programs are compiled. */
export interface ConsumerKind {
  title: string;
  type: "commonjs" | "module";
  compilerOptions: Record<string, unknown>;
  /** Compilers that know it. */
  compilers: readonly string[];
}

/** Packages with a compiler each: the oldest that the package is for, that of most programs, the newest. */
export const COMPILERS = ["typescript-5.4", "typescript", "typescript-7"] as const;

/** What holds in both of these holds in those between. */
const ENDS = ["typescript-5.4", "typescript-7"];

/** What `pulumi new typescript` writes, but for how modules are found and what they become. */
const PULUMI = {
  strict: true,
  outDir: "bin",
  target: "es2020",
  sourceMap: true,
  experimentalDecorators: true,
  pretty: true,
  noFallthroughCasesInSwitch: true,
  noImplicitReturns: true,
  forceConsistentCasingInFileNames: true,
};
const PLAIN = { strict: true, outDir: "bin", target: "es2022", exactOptionalPropertyTypes: true };

export const KINDS: readonly ConsumerKind[] = [
  {
    title: "pulumi new typescript, as of old",
    type: "commonjs",
    compilerOptions: { ...PULUMI, module: "commonjs", moduleResolution: "node" },
    // TypeScript 7 has no such resolution any more.
    compilers: ["typescript-5.4", "typescript"],
  },
  {
    title: "pulumi new typescript",
    type: "commonjs",
    compilerOptions: { ...PULUMI, module: "nodenext", moduleResolution: "nodenext" },
    // nodenext of TypeScript 5.4 is its node16.
    compilers: ["typescript", "typescript-7"],
  },
  {
    title: "CommonJS with node16",
    type: "commonjs",
    compilerOptions: { ...PLAIN, module: "node16", moduleResolution: "node16" },
    compilers: ENDS,
  },
  {
    title: "ESM with node16",
    type: "module",
    compilerOptions: { ...PLAIN, module: "node16", moduleResolution: "node16" },
    compilers: ENDS,
  },
  {
    title: "ESM with nodenext",
    type: "module",
    compilerOptions: { ...PLAIN, module: "nodenext", moduleResolution: "nodenext" },
    compilers: ["typescript-7"],
  },
  {
    title: "ESM with bundler",
    type: "module",
    compilerOptions: { ...PLAIN, module: "esnext", moduleResolution: "bundler" },
    compilers: ENDS,
  },
];
