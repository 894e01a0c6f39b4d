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

    var website = new Nullspace.TemplateAlias("website", new()
    {
        Template = web.Name,
        Alias = "website",
    });

});
