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

    var python = new Nullspace.TemplateAlias("python", new()
    {
        Template = stable.Apply(getTemplateResult => getTemplateResult.CanonicalRef),
        Alias = "python",
    });

});
