/** A group of pages in the side bar: its title, and `[title, path on the site]` of each page. */
export interface Section {
  title: string;
  pages: readonly (readonly [title: string, path: string])[];
}

/** Every page of the site, in the order in which a reader meets them. A page that is in no section fails the build. */
export const SECTIONS: readonly Section[] = [
  {
    title: "Start",
    pages: [
      ["Overview", "index.md"],
      ["Installation & configuration", "installation-configuration.md"],
      ["Templates for pulumi new", "templates/index.md"],
      ["Which shell when", "provider/shells.md"],
      ["The local service", "service.md"],
    ],
  },
  {
    title: "Guides",
    pages: [
      ["Promotion and rollback", "guides/promotion.md"],
      ["Warm pools", "guides/warm-pools.md"],
      ["Secrets", "guides/secrets.md"],
      ["Pull requests", "provider/reviewing.md"],
      ["CI without an account", "guides/ci-without-an-account.md"],
      ["From scripts to code", "guides/from-scripts-to-code.md"],
      ["Adopting what exists", "provider/adopting.md"],
      ["Builders and a registry", "builders.md"],
      ["Machines on Kubernetes", "kubernetes.md"],
      ["Watching a service", "monitoring.md"],
      ["On a Kubernetes cluster", "deploy.md"],
      ["Versions that are tested", "support.md"],
    ],
  },
  {
    title: "Resources",
    pages: [
      ["Template", "provider/template.md"],
      ["TemplateTag", "provider/template-tag.md"],
      ["TemplateAlias", "provider/template-alias.md"],
      ["WarmPool", "provider/warm-pool.md"],
      ["Functions", "provider/functions.md"],
      ["Settings", "provider/settings.md"],
    ],
  },
  {
    title: "How the provider works",
    pages: [
      ["All pages", "provider/index.md"],
      ["Install and set up", "provider/install.md"],
      ["Who owns what", "provider/ownership.md"],
      ["State and secrets", "provider/state-and-secrets.md"],
      ["Drift and refresh", "provider/drift.md"],
      ["Pinning", "provider/pinning.md"],
      ["Pulumi's options", "provider/options.md"],
      ["Recovery", "provider/recovery.md"],
      ["Upgrade", "provider/upgrade.md"],
    ],
  },
  {
    title: "Libraries",
    pages: [
      ["API reference", "api-reference.md"],
      ["The SDK", "sdk.md"],
      ["Describe a template", "sdk/builder.md"],
      ["Local files", "sdk/files.md"],
      ["Builds", "sdk/builds.md"],
      ["Names, tags, aliases", "sdk/names.md"],
      ["Pools", "sdk/warm-pools.md"],
      ["Machines", "sdk/machines.md"],
      ["Settings, connections, errors", "sdk/client.md"],
      ["Build contexts", "context.md"],
      ["Building images", "docker.md"],
    ],
  },
  {
    title: "Examples",
    pages: [
      ["All examples", "examples/index.md"],
      ["Pull requests", "examples/pull-request.md"],
      ["Promotion", "examples/promotion.md"],
      ["An agent in Python", "examples/python-agent.md"],
      ["Monorepo", "examples/monorepo.md"],
      ["Warm pool roll-out", "examples/warm-pool-rollout.md"],
      ["Private registry", "examples/private-registry.md"],
      ["Secrets", "examples/secrets.md"],
      ["Import and adopt", "examples/import-and-adopt.md"],
    ],
  },
  { title: "Project", pages: [["Changelog", "changelog.md"]] },
];
