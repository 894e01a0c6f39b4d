import type { GuestSpec } from "../../fleet/guests/machine-driver.ts";
import { podObject, type PodSettings } from "./pod-object.ts";
import { SANDBOX_GROUP, SANDBOX_VERSION } from "./sandbox-api.ts";

/** What a guest is made as: the object around one and the same pod. */
export interface GuestKind {
  readonly name: "pod" | "sandbox";
  /** API group; empty for the core. */
  readonly group: string;
  readonly resource: string;
  /** What it is called in a quota of the number of objects. */
  readonly counted: string;
  /** Of the list in a namespace. */
  readonly path: (namespace: string) => string;
  readonly object: (spec: GuestSpec, settings: PodSettings) => object;
}

/** A bare pod. */
export const PODS: GuestKind = {
  name: "pod",
  group: "",
  resource: "pods",
  counted: "count/pods",
  path: (namespace) => `/api/v1/namespaces/${namespace}/pods`,
  object: podObject,
};

/** A Sandbox of agent-sandbox, whose controller makes the pod under the Sandbox's name. */
export const SANDBOXES: GuestKind = {
  name: "sandbox",
  group: SANDBOX_GROUP,
  resource: "sandboxes",
  counted: `count/sandboxes.${SANDBOX_GROUP}`,
  path: (namespace) => `/apis/${SANDBOX_GROUP}/${SANDBOX_VERSION}/namespaces/${namespace}/sandboxes`,
  object: (spec, settings) => {
    const { metadata, spec: podSpec } = podObject(spec, settings);
    const { labels, annotations } = metadata;
    return {
      apiVersion: `${SANDBOX_GROUP}/${SANDBOX_VERSION}`,
      kind: "Sandbox",
      metadata,
      spec: {
        podTemplate: { metadata: { labels, ...(annotations !== undefined && { annotations }) }, spec: podSpec },
      },
    };
  },
};
