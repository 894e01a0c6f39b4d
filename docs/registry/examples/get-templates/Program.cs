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

    var first = new Nullspace.TemplateAlias("first", new()
    {
        Template = found.Apply(getTemplatesResult => getTemplatesResult.Templates[0].CanonicalRef),
        Alias = "first",
    });

});
