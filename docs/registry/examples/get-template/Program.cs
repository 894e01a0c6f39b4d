using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Nullspace = Pulumi.Nullspace;

return await Deployment.RunAsync(() => 
{
    var stable = Nullspace.GetTemplate.Invoke(new()
    {
        Template = "acme/base:stable",
    });

    return new Dictionary<string, object?>
    {
        ["buildId"] = stable.Apply(getTemplateResult => getTemplateResult.BuildId),
    };
});
