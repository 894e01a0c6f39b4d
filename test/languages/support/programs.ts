import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { GO_MODULE, goEnvironment } from "./go-environment.ts";
import { SDKS } from "./made-sdks.ts";

/** A program that makes a template and a tag of it, and asks the service about both. */
export interface LanguageProgram {
  files: Record<string, string>;
  /** What the language finds its packages by. */
  env: Record<string, string>;
  /** A folder that goes to the front of PATH. */
  path?: string;
}

/** The Python that has Pulumi, and in a folder of its own the wheel as pip installs it. */
export function pythonProgram(name: string, folder: string): LanguageProgram {
  const home = process.env["NULLSPACE_PULUMI_PYTHON"]!;
  const wheel = readdirSync(join(SDKS, "packages")).find((file) => file.endsWith(".whl"))!;
  const site = mkdtempSync(join(folder, "site-"));
  const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "--target", site];
  execFileSync(join(home, "bin", "python"), [...pip, join(SDKS, "packages", wheel)]);
  return {
    env: { PYTHONPATH: site },
    // A language host that is older than the CLI is not told of the environment.
    path: join(home, "bin"),
    files: {
      "Pulumi.yaml": `name: e2e\nruntime:\n  name: python\n  options:\n    virtualenv: ${home}\n`,
      "__main__.py": `import pulumi
import pulumi_nullspace as nullspace

web = nullspace.Template("web",
    name="${name}",
    context="./app",
    vcpus=1,
    memory_mib=64,
    start_cmd="sleep 99",
    readiness=nullspace.ReadinessArgs(kind=nullspace.ReadinessKind.TIMEOUT, timeout_ms=5),
    env={"A": "1"},
    tags=["v1"])
stable = nullspace.TemplateTag("stable", template=web.name, tag="stable", build_id=web.build_id)
pulumi.export("ref", stable.ref)
pulumi.export("tags", nullspace.get_template_output(template=stable.ref).tags)
`,
    },
  };
}

/** A program on the module as it was generated. */
export function goProgram(name: string): LanguageProgram {
  const module = GO_MODULE;
  return {
    env: goEnvironment(),
    files: {
      "Pulumi.yaml": "name: e2e\nruntime: go\n",
      "go.mod": `module e2e\n\ngo 1.24\n\nrequire ${module} v0.0.0\n\nreplace ${module} => ${join(SDKS, "go")}\n`,
      "main.go": `package main

import (
	"${module}/nullspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		web, err := nullspace.NewTemplate(ctx, "web", &nullspace.TemplateArgs{
			Name:      pulumi.String("${name}"),
			Context:   pulumi.String("./app"),
			Vcpus:     pulumi.Int(1),
			MemoryMib: pulumi.Int(64),
			StartCmd:  pulumi.String("sleep 99"),
			Readiness: &nullspace.ReadinessArgs{
				Kind:      pulumi.String(nullspace.ReadinessKindTimeout),
				TimeoutMs: pulumi.Int(5),
			},
			Env:  pulumi.StringMap{"A": pulumi.String("1")},
			Tags: pulumi.StringArray{pulumi.String("v1")},
		})
		if err != nil {
			return err
		}
		stable, err := nullspace.NewTemplateTag(ctx, "stable", &nullspace.TemplateTagArgs{
			Template: web.Name,
			Tag:      pulumi.String("stable"),
			BuildId:  web.BuildId,
		})
		if err != nil {
			return err
		}
		found := nullspace.LookupTemplateOutput(ctx, nullspace.LookupTemplateOutputArgs{Template: stable.Ref})
		ctx.Export("ref", stable.Ref)
		ctx.Export("tags", found.Tags())
		return nil
	})
}
`,
    },
  };
}

/** A program that is its own project file. */
export function yamlProgram(name: string): LanguageProgram {
  return {
    env: {},
    files: {
      "Pulumi.yaml": `name: e2e
runtime: yaml
variables:
  found:
    fn::invoke:
      function: nullspace:getTemplate
      arguments:
        template: \${stable.ref}
resources:
  web:
    type: nullspace:Template
    properties:
      name: ${name}
      context: ./app
      vcpus: 1
      memoryMib: 64
      startCmd: sleep 99
      readiness:
        kind: timeout
        timeoutMs: 5
      env:
        A: "1"
      tags:
        - v1
  stable:
    type: nullspace:TemplateTag
    properties:
      template: \${web.name}
      tag: stable
      buildId: \${web.buildId}
outputs:
  ref: \${stable.ref}
  tags: \${found.tags}
`,
    },
  };
}
