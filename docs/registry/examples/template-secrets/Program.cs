using System.Collections.Generic;
using System.Linq;
using Pulumi;
using Nullspace = Pulumi.Nullspace;

return await Deployment.RunAsync(() => 
{
    var config = new Config();
    var npmToken = config.Require("npmToken");
    var registryPassword = config.Require("registryPassword");
    var web = new Nullspace.Template("web", new()
    {
        Name = "web",
        Context = "./app",
        BuildSecrets = 
        {
            { "npm-token", npmToken },
        },
        RegistryAuth = new[]
        {
            new Nullspace.Inputs.RegistryAuthArgs
            {
                Registry = "registry.example.com",
                Auth = new Nullspace.Inputs.AuthArgs
                {
                    Kind = Nullspace.AuthKind.Basic,
                    Username = "ci",
                    Password = registryPassword,
                },
            },
        },
        RebuildOnSecretChange = true,
    });

});
