using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Nullspace = Pulumi.Nullspace;

return await Deployment.RunAsync(() => 
{
    var agent = new Nullspace.Template("agent", new()
    {
        Name = "agent",
        Image = "python:3.12-slim",
        Context = "./agent",
        Steps = new[]
        {
            new Nullspace.Inputs.StepArgs
            {
                Kind = Nullspace.StepKind.AptInstall,
                Packages = new[]
                {
                    "git",
                },
            },
            new Nullspace.Inputs.StepArgs
            {
                Kind = Nullspace.StepKind.PipInstall,
                Packages = new[]
                {
                    "requests==2.32.3",
                },
            },
            new Nullspace.Inputs.StepArgs
            {
                Kind = Nullspace.StepKind.Copy,
                Sources = new[]
                {
                    ".",
                },
                Dst = "/agent/",
            },
        },
        Env = 
        {
            { "PYTHONUNBUFFERED", "1" },
        },
        Workdir = "/agent",
        Vcpus = 2,
        MemoryMib = 1024,
    });

});
