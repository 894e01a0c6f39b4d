// Makes a template with a tag, and a pool of it, as somebody without Pulumi does: node by-hand.mjs <name>
import { fromImage, Template, waitForPort, WarmPool } from "pulumi-nullspace/sdk";

const name = process.argv[2];

const builder = fromImage(process.env.BASE_IMAGE ?? "busybox:stable", { fileContextPath: "app" })
  .copy("www/", "/srv/www/")
  .setStartCmd("httpd -f -p 8080 -h /srv/www", waitForPort(8080));
const build = await Template.build(builder, name, { tags: ["default", "stable"], cpuCount: 1, memoryMib: 128 });
const pool = await WarmPool.create({
  name,
  template: `${build.canonicalRef}:stable`,
  versionPolicy: "track_tag",
  minReady: 1,
  maxReady: 2,
  vcpus: 1,
  memoryMib: 128,
});
await pool.waitUntilReady();
console.log(`${build.canonicalRef}, its tag stable, and the pool ${name} exist`);
await pool.close();
await build.close();
