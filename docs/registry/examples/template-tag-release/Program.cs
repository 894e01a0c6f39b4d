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
    });

    var stable = new Nullspace.TemplateTag("stable", new()
    {
        Template = web.Name,
        Tag = "stable",
        BuildId = web.BuildId,
    });

    return new Dictionary<string, object?>
    {
        ["ref"] = stable.Ref,
    };
});
