/** Label of every image and container of a service: the instance that made it. */
export const INSTANCE_LABEL = "dev.nullspace.local.instance";

/** Label of an image or container: the artifact it holds or runs. */
export const TEMPLATE_LABEL = "dev.nullspace.local.template";

/** Label of a warm pool, and of the pod of a machine: the placement that it has. */
export const PLACEMENT_LABEL = "dev.nullspace.local.placement";
