package generated_program;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
import dev.nullspace.pulumi.nullspace.NullspaceFunctions;
import dev.nullspace.pulumi.nullspace.inputs.GetWarmPoolArgs;
import dev.nullspace.pulumi.nullspace.WarmPool;
import dev.nullspace.pulumi.nullspace.WarmPoolArgs;
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

        var spare = new WarmPool("spare", WarmPoolArgs.builder()
            .name("web-spare")
            .template(pool.applyValue(_pool -> _pool.template()))
            .minReady(1)
            .maxReady(pool.applyValue(_pool -> _pool.maxReady()))
            .build());

    }
}
