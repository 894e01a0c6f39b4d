import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Machine, Template, TemplateBuild, waitForFile } from "../../../sdk/index.ts";
import { BASE_IMAGE } from "../../engine/service/running-service.ts";
import { refused, type Scenario } from "./scenario.ts";

/**
 * Errors by class. What no call can bring this service to, and why, stands in `error-classes.ts`; the other scenarios
 * provoke more errors of the same classes, each where it belongs.
 */
export const ERROR_SCENARIOS: readonly Scenario[] = [
  {
    name: "every class of error that the service has a cause for is raised",
    python: `
plain = Template.from_image(BASE)
Template.build(plain, NAME + ":v1")
pool = Template.create_warm_pool(NAME + ":v1", name=NAME, min_ready=0, max_ready=1)
late = os.path.join(FOLDER, "late.txt")
with open(late, "w") as file:
    file.write(NAME + " before")
def write_late(progress):
    with open(late, "w") as file:
        file.write(NAME + " after.")
dies = Template.from_image(BASE).set_start_cmd("exit 3", wait_for_file("/none"))
answer = {
    "AuthError": refused(lambda: Template.list(api_key="ns_live_wrong")),
    "BuildError": refused(lambda: Template.build(Template.from_image(BASE).run_cmd("exit 4"), NAME)),
    "BuildError at the start": refused(lambda: Template.build(dies, NAME)),
    "ConflictError": refused(lambda: Template.delete(NAME)),
    "FileUploadError": refused(lambda: Template.build(Template.from_image(BASE).copy(late, "/late"), NAME, on_upload_progress=write_late)),
    "MachineError": refused(lambda: Template.build(plain, name="a/b:c")),
    "MachineError of the engine": refused(lambda: Machine.create(vcpus=1, memory_mb=1)),
    "NotFoundError": refused(lambda: Template.get("none-" + NAME)),
    "NotFoundError of a build": refused(lambda: TemplateBuild.connect("tb_none")),
    "PermissionError": refused(lambda: Template.build(plain, name="nullspace/" + NAME)),
    "TimeoutError": refused(lambda: pool.wait_until_ready(min_ready=1, timeout_secs=0.1, interval_secs=0.05)),
}
pool.delete()`,
    ours: async ({ name, folder, connection }) => {
      const plain = Template.fromImage(BASE_IMAGE);
      await Template.build(plain, `${name}:v1`, connection);
      const pool = await Template.createWarmPool(`${name}:v1`, { name, minReady: 0, maxReady: 1 }, connection);
      const late = join(folder, "late.txt");
      writeFileSync(late, `${name} before`);
      const options = { ...connection, onUploadProgress: () => writeFileSync(late, `${name} after.`) };
      const dies = Template.fromImage(BASE_IMAGE).setStartCmd("exit 3", waitForFile("/none"));
      const build = (template: typeof plain, buildOptions: Parameters<typeof Template.build>[2] = connection) =>
        refused(() => Template.build(template, buildOptions.name === undefined ? name : undefined, buildOptions));
      const baseUrl = connection.client.baseUrl;
      const seen = {
        AuthError: await refused(() => Template.list({ apiKey: "ns_live_wrong", baseUrl })),
        BuildError: await build(Template.fromImage(BASE_IMAGE).runCmd("exit 4")),
        "BuildError at the start": await build(dies),
        ConflictError: await refused(() => Template.delete(name, connection)),
        FileUploadError: await build(Template.fromImage(BASE_IMAGE).copy(late, "/late"), options),
        MachineError: await build(plain, { ...connection, name: "a/b:c" }),
        "MachineError of the engine": await refused(() => Machine.create({ vcpus: 1, memoryMib: 1 }, connection)),
        NotFoundError: await refused(() => Template.get(`none-${name}`, connection)),
        "NotFoundError of a build": await refused(() => TemplateBuild.connect("tb_none", connection)),
        PermissionError: await build(plain, { ...connection, name: `nullspace/${name}` }),
        TimeoutError: await refused(() => pool.waitUntilReady({ minReady: 1, timeoutMs: 100, intervalMs: 50 })),
      };
      await pool.delete();
      return seen;
    },
    outcome: {
      AuthError: "AuthError unauthorized",
      BuildError: "BuildError build_error",
      "BuildError at the start": "BuildError build_error",
      ConflictError: "ConflictError conflict",
      FileUploadError: "FileUploadError file_upload_error",
      MachineError: "MachineError invalid_request",
      "MachineError of the engine": "MachineError invalid_request",
      NotFoundError: "NotFoundError template_not_found",
      "NotFoundError of a build": "NotFoundError template_build_not_found",
      PermissionError: "PermissionError permission_denied",
      TimeoutError: "TimeoutError timeout",
    },
  },
];
