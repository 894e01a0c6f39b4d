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

    return new Dictionary<string, object?>
    {
        ["status"] = build.Apply(getBuildResult => getBuildResult.Status),
    };
});
