using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Nullspace = Pulumi.Nullspace;

return await Deployment.RunAsync(() => 
{
    var pool = Nullspace.GetWarmPool.Invoke(new()
    {
        Name = "web",
    });

    return new Dictionary<string, object?>
    {
        ["ready"] = pool.Apply(getWarmPoolResult => getWarmPoolResult.Ready),
    };
});
