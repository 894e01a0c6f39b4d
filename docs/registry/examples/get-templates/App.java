package generated_program;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
import dev.nullspace.pulumi.nullspace.NullspaceFunctions;
import dev.nullspace.pulumi.nullspace.inputs.GetTemplatesArgs;
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
        final var found = NullspaceFunctions.getTemplates(GetTemplatesArgs.builder()
            .namespace("acme")
            .build());

        var first = new TemplateAlias("first", TemplateAliasArgs.builder()
            .template(found.applyValue(_found -> _found.templates().get(0).canonicalRef()))
            .alias("first")
            .build());

    }
}
