using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Nullspace = Pulumi.Nullspace;

return await Deployment.RunAsync(() => 
{
    var web = new Nullspace.Template("web", new()
    {
        Name = "web",
        Context = "./app",
        StartCmd = "node server.js",
        Readiness = new Nullspace.Inputs.ReadinessArgs
        {
            Kind = Nullspace.ReadinessKind.Http,
            Port = 8080,
            Path = "/healthz",
        },
        Tags = new[]
        {
            "default",
            "v1",
        },
    });

    return new Dictionary<string, object?>
    {
        ["buildId"] = web.BuildId,
    };
});
