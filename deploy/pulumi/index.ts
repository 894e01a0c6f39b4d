import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { readManifests } from "./manifests";

/** A certificate and its key, in PEM. */
interface Certificate {
  cert: string;
  key: string;
  /** The authority that the other side's certificate must be of; for builders and their clients. */
  ca?: string;
}

const config = new pulumi.Config();
const { namespaces, rest } = readManifests(join(__dirname, "..", "kubernetes", "base"), {
  host: config.require("host"),
  registry: config.require("registry"),
  image: config.get("image"),
  dataSize: config.get("dataSize"),
});

const spaces = new k8s.yaml.v2.ConfigGroup("namespaces", { objs: namespaces });

/** Secrets are there before what starts with them. */
const secrets = [
  secret("nullspace-api-key", "nullspace", "Opaque", { key: config.requireSecret("apiKey") }),
  certificate("nullspace-tls", "nullspace", config.requireSecretObject<Certificate>("tls")),
  certificate("buildkitd-client-tls", "nullspace", config.requireSecretObject<Certificate>("builderClientTls")),
  certificate("buildkitd-tls", "nullspace-builders", config.requireSecretObject<Certificate>("builderTls")),
  // Nodes pull artifacts with it, and the service pushes them.
  ...["nullspace", "nullspace-machines"].map((namespace) =>
    secret("nullspace-registry", namespace, "kubernetes.io/dockerconfigjson", {
      ".dockerconfigjson": config.requireSecret("registryLogin"),
    }),
  ),
];

new k8s.yaml.v2.ConfigGroup("nullspace", { objs: rest }, { dependsOn: [spaces, ...secrets] });

/** Where clients inside of the cluster find the service. */
export const url = "https://nullspace.nullspace.svc";

function certificate(name: string, namespace: string, value: pulumi.Output<Certificate>): k8s.core.v1.Secret {
  return secret(name, namespace, "kubernetes.io/tls", {
    "tls.crt": value.cert,
    "tls.key": value.key,
    "ca.crt": value.apply(({ ca }) => ca ?? ""),
  });
}

function secret(
  name: string,
  namespace: string,
  type: string,
  stringData: Record<string, pulumi.Input<string>>,
): k8s.core.v1.Secret {
  return new k8s.core.v1.Secret(
    `${namespace}-${name}`,
    { metadata: { name, namespace }, type, stringData },
    { dependsOn: spaces },
  );
}
