package generated_program;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
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
        final var config = ctx.config();
        final var buildId = config.require("buildId");
        var production = new TemplateTag("production", TemplateTagArgs.builder()
            .template("acme/web")
            .tag("production")
            .buildId(buildId)
            .build());

    }
}
