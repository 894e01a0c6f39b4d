using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Nullspace = Pulumi.Nullspace;

return await Deployment.RunAsync(() => 
{
    var config = new Config();
    var buildId = config.Require("buildId");
    var production = new Nullspace.TemplateTag("production", new()
    {
        Template = "acme/web",
        Tag = "production",
        BuildId = buildId,
    });

});
