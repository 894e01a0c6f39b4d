package generated_program;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
import dev.nullspace.pulumi.nullspace.NullspaceFunctions;
import dev.nullspace.pulumi.nullspace.inputs.GetBuildArgs;
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
        final var build = NullspaceFunctions.getBuild(GetBuildArgs.builder()
            .buildId("tb_0123456789ab")
            .build());

        var stable = new TemplateTag("stable", TemplateTagArgs.builder()
            .template(build.applyValue(_build -> _build.canonicalRef()))
            .tag("stable")
            .buildId("tb_0123456789ab")
            .build());

    }
}
