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

    var spare = new Nullspace.WarmPool("spare", new()
    {
        Name = "web-spare",
        Template = pool.Apply(getWarmPoolResult => getWarmPoolResult.Template),
        MinReady = 1,
        MaxReady = pool.Apply(getWarmPoolResult => getWarmPoolResult.MaxReady),
    });

});
