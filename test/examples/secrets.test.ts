import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SecretScanner } from "../e2e/support/secret-scanner.ts";
import { startTestService } from "../e2e/support/service.ts";
import { Example } from "./support/example.ts";

const SECRETS = { downloadToken: "download-token-of-the-test", apiToken: "api-token-of-the-test" };

describe("examples/secrets", () => {
  it("keeps them out of the state, what is printed, and the service's log", async () => {
    await using service = await startTestService();
    using example = new Example("secrets", service.env);
    const scanner = new SecretScanner(SECRETS);
    await example.stack();
    // No layer of an earlier run: the build is to print its secret.
    example.write("app/download.sh", `${example.read("app/download.sh")}# ${randomUUID()}\n`);
    Object.assign(example.env, { DOWNLOAD_TOKEN: SECRETS.downloadToken, API_TOKEN: SECRETS.apiToken });

    await example.follow('pulumi config set --secret downloadToken "$DOWNLOAD_TOKEN"');
    await example.follow('pulumi config set --secret apiToken "$API_TOKEN"');
    await example.follow("pulumi up --yes --skip-preview");
    await example.follow('node look.mjs "$(pulumi stack output template)"');
    await example.follow('pulumi stack export | grep -c -e "$DOWNLOAD_TOKEN" -e "$API_TOKEN"', { fails: true });
    await example.follow("pulumi config set --secret downloadToken another-token");
    await example.follow("pulumi up --yes --skip-preview");
    await example.follow("pulumi config set --secret apiToken another-token-for-machines");
    await example.follow("pulumi up --yes --skip-preview");

    // The build printed its secret, and those who keep what it printed have kept it without.
    const [, first] = (await service.client.builds.list("local/secrets-app")).builds;
    const log: string[] = [];
    for await (const { message } of service.client.builds.logs(first!.build_id)) log.push(message);
    expect(log).toContainEqual(expect.stringContaining("downloading with the token [secret]"));

    scanner.scanFolder("the state", example.stateDir);
    scanner.scanFolder("the service's data", service.dataDir, ["apiToken"]);
    // As the README's table says, so that it is not forgotten there when it changes.
    const kept = new SecretScanner({ apiToken: SECRETS.apiToken });
    kept.scanFolder("the service's data", service.dataDir);
    expect(kept.leaks).not.toEqual([]);
    await example.follow("pulumi destroy --yes --skip-preview");
    expect(example.toFollow()).toEqual([]);
    for (const { args, text } of example.runs) scanner.scan(args?.join(" ") ?? "", text);
    scanner.scan("the service's log", readFileSync(service.logFile));
    expect(scanner.leaks).toEqual([]);
  });
});
