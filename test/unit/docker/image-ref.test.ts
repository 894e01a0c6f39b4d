import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ImageRefError } from "../../../sdk/docker/errors.ts";
import { formatImageRef, parseImageRef } from "../../../sdk/docker/image-ref.ts";

const SHA = "a".repeat(64);

describe("parseImageRef", () => {
  // The cases of distribution/reference's own tests (normalize_test.go, reference_test.go), by their meaning.
  it.each([
    ["busybox", "docker.io", "library/busybox", "latest", null],
    ["busybox:1.36", "docker.io", "library/busybox", "1.36", null],
    ["docker.io/busybox", "docker.io", "library/busybox", "latest", null],
    ["index.docker.io/busybox", "docker.io", "library/busybox", "latest", null],
    ["index.docker.io/library/busybox", "docker.io", "library/busybox", "latest", null],
    ["image.valid", "docker.io", "library/image.valid", "latest", null],
    ["user/app", "docker.io", "user/app", "latest", null],
    ["hostname:5000/username/image", "hostname:5000", "username/image", "latest", null],
    ["docker.io/user/app:v1", "docker.io", "user/app", "v1", null],
    ["localhost/app", "localhost", "app", "latest", null],
    ["localhost:5000/app", "localhost:5000", "app", "latest", null],
    ["localhost", "docker.io", "library/localhost", "latest", null],
    ["registry.example/team/app:tag", "registry.example", "team/app", "tag", null],
    ["registry.example:8080/app", "registry.example:8080", "app", "latest", null],
    ["127.0.0.1:5000/a/b/c:d", "127.0.0.1:5000", "a/b/c", "d", null],
    ["[::1]:5000/repo", "[::1]:5000", "repo", "latest", null],
    ["[2001:db8::1]/repo", "[2001:db8::1]", "repo", "latest", null],
    ["Foo/bar", "Foo", "bar", "latest", null],
    ["HOST.example/app", "HOST.example", "app", "latest", null],
    ["xn--7o8h.example/app", "xn--7o8h.example", "app", "latest", null],
    ["a__b/c--d", "docker.io", "a__b/c--d", "latest", null],
    [`app@sha256:${SHA}`, "docker.io", "library/app", null, `sha256:${SHA}`],
    [`app:1@sha256:${SHA}`, "docker.io", "library/app", "1", `sha256:${SHA}`],
    [`r.example:5000/app:1@sha256:${SHA}`, "r.example:5000", "app", "1", `sha256:${SHA}`],
    [`r.example/${"a".repeat(255)}`, "r.example", "a".repeat(255), "latest", null],
    ["a".repeat(247), "docker.io", `library/${"a".repeat(247)}`, "latest", null],
    [`app:${"t".repeat(128)}`, "docker.io", "library/app", "t".repeat(128), null],
  ])("reads %s", (text, registry, repository, tag, digest) => {
    expect(parseImageRef(text)).toEqual({ registry, repository, tag, digest });
  });

  it.each([
    ["", "empty"],
    [" app", "white space"],
    ["app latest", "white space"],
    ["https://registry.example/app", "scheme"],
    ["docker://app", "scheme"],
    [SHA, "image ID"],
    ["app:", "tag is empty"],
    ["app:-x", "tag"],
    ["app:a/b:c d", "white space"],
    [`app:${"t".repeat(129)}`, "tag"],
    ["App", "lower case"],
    ["user/App", "lower case"],
    ["docker.io/user/App", "lower case"],
    ["user//app", "empty"],
    ["/app", "not"],
    ["user/", "empty"],
    ["docker.io/", "no repository"],
    ["-app", "separated"],
    ["app_", "separated"],
    ["a___b", "separated"],
    ["a..b", "separated"],
    ["-bad.example/app", "not a registry host"],
    ["host:port/app", "not a registry host"],
    ["app@sha256:abc", "digest"],
    [`app@sha256:${"A".repeat(64)}`, "lower-case"],
    [`app@sha256:${"a".repeat(65)}`, "64"],
    [`app@md5:${"a".repeat(32)}`, "not supported"],
    [`app@sha256:${SHA}@sha256:${SHA}`, "more than one @"],
    [`r.example/${"a".repeat(256)}`, "longer than 255"],
    ["a".repeat(248), "longer than 255"],
    ["äpp", "separated"],
  ])("refuses %j", (text, reason) => {
    expect(() => parseImageRef(text)).toThrow(ImageRefError);
    expect(() => parseImageRef(text)).toThrow(reason);
  });

  it("reads what it formats", () => {
    const component = fc.stringMatching(/^[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,8})?$/);
    const registry = fc.oneof(fc.constant("docker.io"), fc.constant("localhost:5000"), fc.domain());
    const tag = fc.stringMatching(/^\w[\w.-]{0,20}$/);
    fc.assert(
      fc.property(registry, fc.array(component, { minLength: 2, maxLength: 4 }), tag, (host, path, name) => {
        const ref = { registry: host, repository: path.join("/"), tag: name, digest: null };
        expect(parseImageRef(formatImageRef(ref))).toEqual(ref);
      }),
    );
  });
});
