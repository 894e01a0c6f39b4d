/** @typedef {import("./platform.mjs").Platform} Platform */

/**
 * What a person types or fetches to get a tool by hand, by platform.
 *
 * @type {Record<string, Record<"debian" | "linux" | "macos", string>>}
 */
const HINTS = {
  npm: {
    debian: "apt-get install nodejs npm (any Node >= 20), or Node 24 with npm from https://nodejs.org/en/download",
    linux: "Node 24 with npm from https://nodejs.org/en/download",
    macos: "brew install node@24",
  },
  node: {
    debian: "Node 24 from https://nodejs.org/en/download, first on PATH",
    linux: "Node 24 from https://nodejs.org/en/download, first on PATH",
    macos: "brew install node@24, then put its bin folder first on PATH",
  },
  tar: {
    debian: "apt-get install tar gzip",
    linux: "tar and gzip from your distribution",
    macos: "tar comes with macOS: put /usr/bin on PATH",
  },
  pulumi: {
    debian:
      "the Pulumi CLI: curl -fsSL https://get.pulumi.com | sh; or, to let set-up build it, Go 1.25.11 or newer from https://go.dev/dl/",
    linux:
      "the Pulumi CLI: curl -fsSL https://get.pulumi.com | sh; or, to let set-up build it, Go 1.25.11 or newer from https://go.dev/dl/",
    macos: "brew install pulumi/tap/pulumi; or, to let set-up build it, brew install go",
  },
  docker: {
    debian:
      "as root: apt-get install docker.io and start it (systemctl start docker); then add yourself to the group docker, or set DOCKER_HOST",
    linux:
      "Docker Engine: https://docs.docker.com/engine/install/, start it, add yourself to the group docker, or set DOCKER_HOST",
    macos: "Docker Desktop (https://docs.docker.com/desktop/) or colima, started; or set DOCKER_HOST",
  },
  iproute2: {
    debian: "apt-get install iproute2",
    linux: "iproute2 (the command ip) from your distribution",
    macos: "start Docker Desktop instead",
  },
  busybox: {
    debian: "apt-get install busybox-static; or set NULLSPACE_BASE_IMAGE to an image with a shell",
    linux: "a statically linked busybox on PATH; or set NULLSPACE_BASE_IMAGE to an image with a shell",
    macos: "docker pull busybox:stable; or set NULLSPACE_BASE_IMAGE to an image with a shell",
  },
  registry: {
    debian: "apt-get install docker-registry",
    linux: "the command docker-registry on PATH (https://distribution.github.io/distribution/)",
    macos: "the command docker-registry on PATH (https://distribution.github.io/distribution/)",
  },
  python: {
    debian: "apt-get install python3 python3-venv (Python >= 3.11)",
    linux: "Python >= 3.11 with the module venv",
    macos: "brew install python@3.12",
  },
  "docker-cli": {
    debian: "apt-get install docker.io (for its command docker)",
    linux: "the command docker on PATH: https://docs.docker.com/engine/install/binaries/",
    macos: "brew install docker",
  },
  git: {
    debian: "apt-get install git",
    linux: "git from your distribution",
    macos: "xcode-select --install",
  },
  buildkitd: {
    debian:
      "Go 1.26.8 or newer from https://go.dev/dl/, or buildkitd and buildctl from https://github.com/moby/buildkit/releases",
    linux:
      "Go 1.26.8 or newer from https://go.dev/dl/, or buildkitd and buildctl from https://github.com/moby/buildkit/releases",
    macos: "run the engine tests on Linux, where buildkitd runs",
  },
  actionlint: {
    debian:
      "Go 1.25.11 or newer from https://go.dev/dl/, or NULLSPACE_ACTIONLINT = an actionlint (https://github.com/rhysd/actionlint)",
    linux:
      "Go 1.25.11 or newer from https://go.dev/dl/, or NULLSPACE_ACTIONLINT = an actionlint (https://github.com/rhysd/actionlint)",
    macos: "brew install go, or brew install actionlint and set NULLSPACE_ACTIONLINT to it",
  },
  "dockerfile-parser": {
    debian: "Go 1.26.8 or newer from https://go.dev/dl/",
    linux: "Go 1.26.8 or newer from https://go.dev/dl/",
    macos: "brew install go",
  },
  promtool: {
    debian:
      "apt-get download prometheus, and NULLSPACE_PROMTOOL = the promtool in it (https://prometheus.io/download/)",
    linux: "NULLSPACE_PROMTOOL = the promtool of a release of Prometheus (https://prometheus.io/download/)",
    macos: "brew install prometheus, which has promtool",
  },
  "pulumi-languages": {
    debian: "the Pulumi CLI with its language hosts: curl -fsSL https://get.pulumi.com | sh; and Go 1.25.11 or newer",
    linux: "the Pulumi CLI with its language hosts: curl -fsSL https://get.pulumi.com | sh; and Go 1.25.11 or newer",
    macos: "brew install pulumi/tap/pulumi go",
  },
  "csharp-compiler": {
    debian: "the .NET SDK (https://dotnet.microsoft.com), with which `npm run sdks` compiles the SDK for .NET",
    linux: "the .NET SDK (https://dotnet.microsoft.com), with which `npm run sdks` compiles the SDK for .NET",
    macos: "the .NET SDK (https://dotnet.microsoft.com), with which `npm run sdks` compiles the SDK for .NET",
  },
  "modern-engine": {
    debian:
      "Go 1.26.8 or newer from https://go.dev/dl/, or NULLSPACE_MODERN_DOCKERD = a dockerd of version 29 or newer",
    linux: "Go 1.26.8 or newer from https://go.dev/dl/, or NULLSPACE_MODERN_DOCKERD = a dockerd of version 29 or newer",
    macos: "run these tests on Linux, as root",
  },
  kubernetes: {
    debian: "Go 1.26.8 or newer from https://go.dev/dl/",
    linux: "Go 1.26.8 or newer from https://go.dev/dl/",
    macos: "run these tests on Linux, as root",
  },
  "cluster-programs": {
    debian: "apt-get download etcd-server containerd runc containernetworking-plugins, and what is in them on PATH",
    linux: "etcd, containerd and runc on PATH, and the CNI plugins in /opt/cni/bin",
    macos: "run these tests on Linux, as root",
  },
  chromium: {
    debian: "apt-get install chromium fonts-dejavu-core; or set CHROMIUM to the path of one",
    linux: "chromium from your distribution; or set CHROMIUM to the path of one",
    macos: "brew install --cask chromium; or set CHROMIUM to the path of one",
  },
  "test-commands": {
    debian:
      "apt-get install docker-registry openssl bzip2 xz-utils openssh-client runc podman rsync btrfs-progs build-essential",
    linux:
      "docker-registry, openssl, bzip2, xz, the OpenSSH client, runc, podman, rsync, btrfs-progs and gcc from your distribution",
    macos: "run the engine tests on Linux: they start docker-registry and buildkitd beside the engine",
  },
};

/** Names of the tools that have a hint. */
export const HINTED_TOOLS = Object.keys(HINTS);

/**
 * @param {string} tool one of `HINTED_TOOLS`
 * @param {Platform} platform
 */
export function installHint(tool, platform) {
  const hints = HINTS[tool];
  if (hints === undefined) throw new TypeError(`no install hint for ${tool}`);
  return hints[platform.kind === "other" ? "linux" : platform.kind];
}
