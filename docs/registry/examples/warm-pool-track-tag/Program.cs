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

    var pool = new Nullspace.WarmPool("pool", new()
    {
        Name = "web",
        Template = stable.Ref,
        VersionPolicy = Nullspace.VersionPolicy.TrackTag,
        BuildId = stable.BuildId,
        MinReady = 2,
        MaxReady = 4,
    });

});
