using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Nullspace = Pulumi.Nullspace;

return await Deployment.RunAsync(() => 
{
    var found = Nullspace.GetTemplates.Invoke(new()
    {
        Namespace = "acme",
    });

    return new Dictionary<string, object?>
    {
        ["templates"] = found.Apply(getTemplatesResult => getTemplatesResult.Templates),
    };
});
