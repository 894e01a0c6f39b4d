import * as pulumi from "@pulumi/pulumi";
import * as nullspace from "@nullspace/pulumi";

const agent = new nullspace.Template("agent", {
    name: "agent",
    image: "python:3.12-slim",
    context: "./agent",
    steps: [
        {
            kind: nullspace.StepKind.AptInstall,
            packages: ["git"],
        },
        {
            kind: nullspace.StepKind.PipInstall,
            packages: ["requests==2.32.3"],
        },
        {
            kind: nullspace.StepKind.Copy,
            sources: ["."],
            dst: "/agent/",
        },
    ],
    env: {
        PYTHONUNBUFFERED: "1",
    },
    workdir: "/agent",
    vcpus: 2,
    memoryMib: 1024,
});
