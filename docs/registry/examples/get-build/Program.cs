using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Nullspace = Pulumi.Nullspace;

return await Deployment.RunAsync(() => 
{
    var build = Nullspace.GetBuild.Invoke(new()
    {
        BuildId = "tb_0123456789ab",
    });

    var stable = new Nullspace.TemplateTag("stable", new()
    {
        Template = build.Apply(getBuildResult => getBuildResult.CanonicalRef),
        Tag = "stable",
        BuildId = "tb_0123456789ab",
    });

});
