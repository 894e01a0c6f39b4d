package generated_program;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
import dev.nullspace.pulumi.nullspace.Template;
import dev.nullspace.pulumi.nullspace.TemplateArgs;
import dev.nullspace.pulumi.nullspace.inputs.RegistryAuthArgs;
import dev.nullspace.pulumi.nullspace.inputs.AuthArgs;
import java.util.List;
import java.util.ArrayList;
import java.util.Map;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Paths;

public class App {
    public static void main(String[] args) {
        Pulumi.run(App::stack);
    }

    public static void stack(Context ctx) {
        final var config = ctx.config();
        final var npmToken = config.require("npmToken");
        final var registryPassword = config.require("registryPassword");
        var web = new Template("web", TemplateArgs.builder()
            .name("web")
            .context("./app")
            .buildSecrets(Map.of("npm-token", npmToken))
            .registryAuth(RegistryAuthArgs.builder()
                .registry("registry.example.com")
                .auth(AuthArgs.builder()
                    .kind("basic")
                    .username("ci")
                    .password(registryPassword)
                    .build())
                .build())
            .rebuildOnSecretChange(true)
            .build());

    }
}
