package generated_program;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
import dev.nullspace.pulumi.nullspace.NullspaceFunctions;
import dev.nullspace.pulumi.nullspace.inputs.GetWarmPoolArgs;
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
        final var pool = NullspaceFunctions.getWarmPool(GetWarmPoolArgs.builder()
            .name("web")
            .build());

        ctx.export("ready", pool.applyValue(_pool -> _pool.ready()));
    }
}
