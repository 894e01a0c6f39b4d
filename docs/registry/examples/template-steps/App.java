package generated_program;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
import dev.nullspace.pulumi.nullspace.Template;
import dev.nullspace.pulumi.nullspace.TemplateArgs;
import dev.nullspace.pulumi.nullspace.inputs.StepArgs;
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
        var agent = new Template("agent", TemplateArgs.builder()
            .name("agent")
            .image("python:3.12-slim")
            .context("./agent")
            .steps(            
                StepArgs.builder()
                    .kind("apt_install")
                    .packages("git")
                    .build(),
                StepArgs.builder()
                    .kind("pip_install")
                    .packages("requests==2.32.3")
                    .build(),
                StepArgs.builder()
                    .kind("copy")
                    .sources(".")
                    .dst("/agent/")
                    .build())
            .env(Map.of("PYTHONUNBUFFERED", "1"))
            .workdir("/agent")
            .vcpus(2)
            .memoryMib(1024)
            .build());

    }
}
