package generated_program;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
import dev.nullspace.pulumi.nullspace.Template;
import dev.nullspace.pulumi.nullspace.TemplateArgs;
import dev.nullspace.pulumi.nullspace.inputs.ReadinessArgs;
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
        var web = new Template("web", TemplateArgs.builder()
            .name("web")
            .context("./app")
            .startCmd("node server.js")
            .readiness(ReadinessArgs.builder()
                .kind("http")
                .port(8080)
                .path("/healthz")
                .build())
            .tags(            
                "default",
                "v1")
            .build());

        ctx.export("buildId", web.buildId());
    }
}
