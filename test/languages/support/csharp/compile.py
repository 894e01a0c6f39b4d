"""Compiles C# with Roslyn, and says what the compiler says. Runs with pythonnet, on a .NET runtime and a Roslyn from packages.

    python compile.py <folder of Roslyn> < job.json

The job is {"compilations": [...], "compare": {"surface": name, "with": name}?}. A compilation is {"name", "files", "references"?,
"isProgram"?}: a later one may refer to earlier ones by name, and sees what is public in them. Prints {"diagnostics": {name: [...]},
"undeclared": [...]}: warnings and errors of each, and what the surface has in public that the other one has not.
"""

import importlib.util
import json
import os
import pathlib
import sys
import tempfile

import clr_loader
import pythonnet

# Found without being imported: the package starts a runtime of its own when it is, and prints that it did.
runtime = pathlib.Path(importlib.util.find_spec("dnv.net").submodule_search_locations[0], "runtime", ".net")
framework = next((runtime / "shared" / "Microsoft.NETCore.App").iterdir())
# Without ICU there is no culture but the invariant one; messages are in English with or without it.
config = {
    "runtimeOptions": {
        "tfm": "net8.0",
        "framework": {"name": framework.parent.name, "version": framework.name},
        "configProperties": {"System.Globalization.Invariant": True},
    }
}
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "compile.runtimeconfig.json")
    path.write_text(json.dumps(config))
    pythonnet.set_runtime(clr_loader.get_coreclr(runtime_config=path, dotnet_root=runtime))
    import clr

roslyn = os.path.abspath(sys.argv[1])
for name in ["Microsoft.CodeAnalysis", "Microsoft.CodeAnalysis.CSharp"]:
    clr.AddReference(os.path.join(roslyn, f"{name}.dll"))

from Microsoft import CodeAnalysis  # noqa: E402
from Microsoft.CodeAnalysis import CSharp  # noqa: E402
from System.Collections.Generic import KeyValuePair, List  # noqa: E402
from System.Text import Encoding  # noqa: E402

# What a project for net6.0 is compiled with: the SDK is one.
PARSE = CSharp.CSharpParseOptions(
    CSharp.LanguageVersion.CSharp10,
    CodeAnalysis.DocumentationMode.Diagnose,
    CodeAnalysis.SourceCodeKind.Regular,
    None,
)
# Public things without a comment: the generated project is silent about them, too.
SILENT = {"CS1591", "CS1701", "CS1702"}

assemblies = []
for dll in sorted(framework.glob("*.dll")):
    if dll.name.startswith(("System.", "Microsoft.", "netstandard", "mscorlib")) and ".Native." not in dll.name:
        assemblies.append(CodeAnalysis.MetadataReference.CreateFromFile(str(dll)))


def compile_one(job, made):
    trees = List[CodeAnalysis.SyntaxTree]()
    for path in job["files"]:
        text = pathlib.Path(path).read_text(encoding="utf-8-sig")
        trees.Add(CSharp.CSharpSyntaxTree.ParseText(text, PARSE, path, Encoding.UTF8))
    references = List[CodeAnalysis.MetadataReference]()
    for reference in [*assemblies, *(made[name].ToMetadataReference() for name in job.get("references", []))]:
        references.Add(reference)
    kind = CodeAnalysis.OutputKind.ConsoleApplication
    if not job.get("isProgram"):
        kind = CodeAnalysis.OutputKind.DynamicallyLinkedLibrary
    options = CSharp.CSharpCompilationOptions(kind).WithNullableContextOptions(
        CodeAnalysis.NullableContextOptions.Enable
    )
    return CSharp.CSharpCompilation.Create(job["name"], trees, references, options)


def diagnostics(compilation):
    least = CodeAnalysis.DiagnosticSeverity.Warning
    return [str(one) for one in compilation.GetDiagnostics() if one.Severity >= least and one.Id not in SILENT]


def public_ids(namespace):
    """Identifiers of what is public in a namespace of a compilation, as XML documentation has them."""
    ids = set()
    for inner in namespace.GetNamespaceMembers():
        ids |= public_ids(inner)
    within = CodeAnalysis.INamespaceOrTypeSymbol
    for type in within(namespace).GetTypeMembers():
        if is_public(type):
            members = [one for one in within(type).GetMembers() if is_public(one)]
            ids |= {CodeAnalysis.ISymbol(one).GetDocumentationCommentId() for one in [type, *members]}
    return ids


def is_public(symbol):
    return CodeAnalysis.ISymbol(symbol).DeclaredAccessibility == CodeAnalysis.Accessibility.Public


job = json.load(sys.stdin)
made = {}
said = {}
for one in job["compilations"]:
    made[one["name"]] = compile_one(one, made)
    said[one["name"]] = diagnostics(made[one["name"]])
undeclared = []
if "compare" in job:
    surface, other = (public_ids(made[job["compare"][side]].Assembly.GlobalNamespace) for side in ("surface", "with"))
    undeclared = sorted(surface - other)
json.dump({"diagnostics": said, "undeclared": undeclared}, sys.stdout)
