import tseslint from "typescript-eslint";

// Correctness only: layout is prettier's.
export default tseslint.config(
  {
    ignores: [
      "**/dist/**",
      "**/node_modules/**",
      ".quickstart/**",
      ".site/**",
      "site/.vitepress/cache/**",
      "sdk/docker/protos/generated/**",
      "docs/registry/examples/**",
    ],
  },
  {
    // And the script of the page, whose types are in its comments.
    files: ["**/*.ts", "service/page/assets/*.js"],
    extends: [...tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/only-throw-error": "error",
      // A thing in a text by mistake, such as the root of a tree, which is no string for that reason.
      "@typescript-eslint/no-base-to-string": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // A schema and its inferred type share one name (const X, type X).
      "@typescript-eslint/no-redeclare": "off",
      "no-empty": ["error", { allowEmptyCatch: false }],
      eqeqeq: ["error", "always", { null: "ignore" }],
    },
  },
  {
    // Examples and templates are programs on a user's own tsconfig.
    files: ["examples/**/*.ts", "templates/**/*.ts"],
    languageOptions: { parserOptions: { projectService: false, project: false } },
    rules: {
      "@typescript-eslint/no-floating-promises": "off",
      "@typescript-eslint/no-base-to-string": "off",
      "@typescript-eslint/no-misused-promises": "off",
      "@typescript-eslint/await-thenable": "off",
      "@typescript-eslint/only-throw-error": "off",
    },
  },
);
