package generated_program;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
import dev.nullspace.pulumi.nullspace.Template;
import dev.nullspace.pulumi.nullspace.TemplateArgs;
import dev.nullspace.pulumi.nullspace.TemplateTag;
import dev.nullspace.pulumi.nullspace.TemplateTagArgs;
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
            .build());

        var stable = new TemplateTag("stable", TemplateTagArgs.builder()
            .template(web.name())
            .tag("stable")
            .buildId(web.buildId())
            .build());

        ctx.export("ref", stable.ref());
    }
}
