package generated_program;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
import dev.nullspace.pulumi.nullspace.NullspaceFunctions;
import dev.nullspace.pulumi.nullspace.inputs.GetTemplateArgs;
import dev.nullspace.pulumi.nullspace.TemplateAlias;
import dev.nullspace.pulumi.nullspace.TemplateAliasArgs;
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
        final var stable = NullspaceFunctions.getTemplate(GetTemplateArgs.builder()
            .template("acme/base:stable")
            .build());

        var python = new TemplateAlias("python", TemplateAliasArgs.builder()
            .template(stable.applyValue(_stable -> _stable.canonicalRef()))
            .alias("python")
            .build());

    }
}
