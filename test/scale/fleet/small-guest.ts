import type { GuestSpec } from "../../../service/fleet/guests/machine-driver.ts";

/** In no registry: for nodes that only say that they run it. */
const IMAGE = `registry.test/machines@sha256:${"1".repeat(64)}`;

let count = 0;

/** What a small guest is made from, another one each time. */
export function specOf(more: Partial<GuestSpec> = {}): GuestSpec {
  return {
    guestId: `gst_small${(count += 1)}`,
    artifact: { templateId: "tmpl_small", imageId: IMAGE, env: {} },
    vcpus: 1,
    memoryMb: 64,
    internetAccess: true,
    ...more,
  };
}
